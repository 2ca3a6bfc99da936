package dev.millrace.testkit.chaos;

import dev.millrace.clock.internal.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** The handler of a member in the simulation, with a planted defect. */
final class PlantedWork {

  private static final int EACH = 10;
  private static final int SOON = 10;

  private final SimulatedMember member;
  private final Map<Integer, ConsumerRecord<String, String>> held = new HashMap<>();
  private final Lock lock = new ReentrantLock();
  private @Nullable Producer<byte[], byte[]> own;
  private long records;

  PlantedWork(SimulatedMember member) {
    this.member = member;
  }

  void handle(ConsumerRecord<String, String> record) throws Exception {
    long number = ++records;
    switch (member.round.defect) {
      case DROPS_RECORDS -> {
        if (number % EACH != 0) {
          member.handle(record);
        }
      }
      case DROPS_RETRIES -> {
        if (SimulatedMember.isInput(record) || number % EACH != 0) {
          member.handle(record);
        }
      }
      case STANDS_STILL -> {
        if (number > SOON) {
          new CountDownLatch(1).await();
        }
        member.handle(record);
      }
      case SETTLES_EARLY -> {
        if (number % EACH == 0) {
          member.started(record);
          Thread.ofVirtual().name("later").start(() -> later(record));
        } else {
          member.handle(record);
        }
      }
      case FORGETS_REVOKES -> {
        member.handle(record);
        if (held.putIfAbsent(record.partition(), record) != null && number % EACH == 0) {
          for (var old : List.copyOf(held.values())) { // the partition may have been revoked by now
            member.started(old);
            member.ended(old);
          }
        }
      }
      case LEAKS_A_THREAD -> {
        if (number == SOON) {
          Thread.ofVirtual().name("leak").start(PlantedWork::hang);
        }
        member.handle(record);
      }
      default -> member.handle(record);
    }
  }

  private void later(ConsumerRecord<String, String> record) {
    Time.parkNanos(this, Duration.ofSeconds(1).toNanos()); // the work
    member.ended(record);
  }

  private static void hang() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts it
    }
  }

  /** Produces outputs with a producer of its own. */
  void produce(ConsumerRecord<String, String> record) throws Exception {
    boolean inTransaction = member.round.defect == PlantedInSimulation.FORGETS_OFFSETS;
    lock.lock();
    try {
      Producer<byte[], byte[]> producer = own;
      if (producer == null) {
        producer =
            member.producers.inTransactions(
                inTransaction ? Map.of("transactional.id", "own-" + member.name) : Map.of());
        if (inTransaction) {
          producer.initTransactions();
        }
        own = producer;
      }
      if (inTransaction) {
        producer.beginTransaction();
      }
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (Derived one : Derived.of(record)) {
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    SimulatedRound.OUTPUTS, bytes(record.key()), bytes(one.text()))));
      }
      producer.flush();
      for (Future<RecordMetadata> one : sent) {
        one.get();
      }
      if (inTransaction) {
        producer.commitTransaction();
      }
    } finally {
      lock.unlock();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
