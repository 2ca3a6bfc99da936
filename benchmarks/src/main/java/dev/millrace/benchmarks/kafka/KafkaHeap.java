package dev.millrace.benchmarks.kafka;

import dev.millrace.testkit.LocalBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Checks that the heap stays flat over {@code -Drecords} records (default: ten million). Handlers
 * take a millisecond each, and records are written meanwhile. Arguments: the names of {@link Arms}.
 * {@code -Dchild=-Xmx256m} sets the heap of the consuming JVM.
 */
public final class KafkaHeap {

  private static final int RECORDS = Integer.getInteger("records", 10_000_000);
  private static final int AT_ONCE = 20_000;

  private KafkaHeap() {}

  /** Runs the arms, one after the other. */
  public static void main(String[] args) throws Exception {
    System.setProperty("logback.configurationFile", KafkaRows.LOGBACK);
    try (var broker = LocalBroker.start();
        var topics = new Topics(broker)) {
      for (String name : args) {
        var arm = Arms.valueOf(name);
        var cell = new Cell("heap", Cell.Keys.UNIFORM, RECORDS, 1, List.of(arm));
        String topic = "heap-" + name.toLowerCase(Locale.ROOT);
        broker.createTopic(topic, Topics.PARTITIONS);
        try (var consumption =
            Consumption.start(broker.bootstrapServers(), topic, topic, cell, arm)) {
          write(topics.producer(), topic);
          consumption.await();
          var values = consumption.values();
          System.out.println(new Measurement(cell.title(), arm, 1, values).toJson());
        }
      }
    }
  }

  private static void write(Producer<String, byte[]> producer, String topic) throws Exception {
    var random = new SplittableRandom(1);
    byte[] value = new byte[Topics.VALUE];
    for (int written = 0; written < RECORDS; written += AT_ONCE) {
      List<Future<?>> sent = new ArrayList<>(AT_ONCE);
      for (int i = 0; i < Math.min(AT_ONCE, RECORDS - written); i++) {
        String key = "key-" + random.nextInt(Topics.KEYS);
        sent.add(producer.send(new ProducerRecord<>(topic, key, value)));
      }
      Topics.await(sent);
    }
  }
}
