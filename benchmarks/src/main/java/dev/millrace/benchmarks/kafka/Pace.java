package dev.millrace.benchmarks.kafka;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends records at a fixed rate (an open loop). Each record carries its planned send time, so that
 * a slow consumer does not make the other records look better.
 */
final class Pace {

  static final int PER_SECOND = 2_000;

  /** Sent first, and not counted. */
  static final int WARM_UP = 5 * PER_SECOND;

  static final int MEASURED = 8 * PER_SECOND;

  private Pace() {}

  static void send(Producer<String, byte[]> producer, String topic)
      throws ExecutionException, InterruptedException {
    List<Future<?>> sent = new ArrayList<>();
    var random = new SplittableRandom(1);
    long start = System.nanoTime();
    long epoch = now();
    for (int i = 0; i < WARM_UP + MEASURED; i++) {
      long due = TimeUnit.SECONDS.toNanos(i) / PER_SECOND;
      for (long left; (left = start + due - System.nanoTime()) > 0; ) {
        LockSupport.parkNanos(left);
      }
      byte[] value = new byte[Topics.VALUE];
      ByteBuffer.wrap(value).putLong(i < WARM_UP ? 0 : epoch + due / 1000);
      String key = "key-" + random.nextInt(Topics.KEYS);
      sent.add(producer.send(new ProducerRecord<>(topic, key, value)));
    }
    Topics.await(sent);
  }

  /**
   * The planned send time of a record, in microseconds of the epoch; 0 if the record does not
   * count.
   */
  static long due(byte[] value) {
    return ByteBuffer.wrap(value).getLong();
  }

  /** The time, in microseconds of the epoch, which all processes share. */
  static long now() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }
}
