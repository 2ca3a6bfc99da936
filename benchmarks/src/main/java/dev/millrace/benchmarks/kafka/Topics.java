package dev.millrace.benchmarks.kafka;

import dev.millrace.testkit.LocalBroker;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Creates the topics, and fills the ones whose records must be there before the run. */
final class Topics implements AutoCloseable {

  static final int PARTITIONS = 8;
  static final int KEYS = 1_000;
  static final int VALUE = 100;

  /** The key that Zipf's law makes the most frequent. */
  static final String FIRST_KEY = "key-0";

  private final LocalBroker broker;
  private final Producer<String, byte[]> producer;
  private final Set<String> made = new HashSet<>();

  Topics(LocalBroker broker) {
    this.broker = broker;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                broker.bootstrapServers(),
                ProducerConfig.LINGER_MS_CONFIG,
                0),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  Producer<String, byte[]> producer() {
    return producer;
  }

  /** The topic of a run; the first run that uses a topic fills it. */
  String of(Cell cell, String run) throws ExecutionException, InterruptedException {
    String name = cell.keys() == Cell.Keys.PACED ? run : cell.topic();
    if (made.add(name)) {
      broker.createTopic(name, PARTITIONS);
      if (cell.keys() != Cell.Keys.PACED) {
        fill(name, cell);
      }
    }
    if (cell.arms().stream().anyMatch(Arms.PRODUCING::contains)
        && made.add(ExactlyOnceLoop.outputs(name))) {
      broker.createTopic(ExactlyOnceLoop.outputs(name), PARTITIONS);
    }
    return name;
  }

  private void fill(String name, Cell cell) throws ExecutionException, InterruptedException {
    var random = new SplittableRandom(1);
    double[] zipf = zipf();
    byte[] value = new byte[VALUE];
    List<Future<?>> sent = new ArrayList<>();
    for (int counted = 0; counted < cell.records(); ) {
      int key =
          cell.keys() == Cell.Keys.ZIPF
              ? firstAbove(zipf, random.nextDouble())
              : random.nextInt(KEYS);
      sent.add(producer.send(new ProducerRecord<>(name, "key-" + key, value)));
      counted += cell.keys() == Cell.Keys.ZIPF && key == 0 ? 0 : 1;
    }
    await(sent);
  }

  /** Waits until all records are written. */
  static void await(List<Future<?>> sent) throws ExecutionException, InterruptedException {
    for (Future<?> one : sent) {
      one.get();
    }
  }

  /** For each key, the probability of this key or an earlier one. */
  private static double[] zipf() {
    double[] sums = new double[KEYS];
    double sum = 0;
    for (int key = 0; key < KEYS; key++) {
      sum += 1.0 / (key + 1);
      sums[key] = sum;
    }
    for (int key = 0; key < KEYS; key++) {
      sums[key] /= sum;
    }
    return sums;
  }

  private static int firstAbove(double[] sums, double value) {
    int key = 0;
    while (sums[key] <= value && key < KEYS - 1) {
      key++;
    }
    return key;
  }

  @Override
  public void close() {
    producer.close();
  }
}
