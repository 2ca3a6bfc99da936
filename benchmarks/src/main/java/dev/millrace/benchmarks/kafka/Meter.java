package dev.millrace.benchmarks.kafka;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.ConcurrentHistogram;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Does the work, and measures it: from the first handled record to the last counted one.
 *
 * <p>The bytes are the allocation of the whole JVM in that time. The allocation of virtual threads
 * is included: it counts for their carrier.
 */
final class Meter implements Arm.Work {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The most time until the first record: the join of a group, or the fencing of a producer. */
  private static final int SECONDS_TO_START = 30;

  private final int records;
  private final int workMillis;
  private final Cell.Keys keys;
  private final AtomicBoolean begun = new AtomicBoolean();
  private final AtomicInteger handled = new AtomicInteger();
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch done = new CountDownLatch(1);
  private final ConcurrentHistogram latency = new ConcurrentHistogram(3);
  private volatile long first;
  private volatile long bytesAtFirst;
  private volatile long upAtFirst;
  private volatile long last;
  private volatile long bytesAtLast;

  Meter(Cell.Keys keys, int records, int workMillis) {
    this.keys = keys;
    this.records = records;
    this.workMillis = workMillis;
  }

  @Override
  public void handle(ConsumerRecord<String, byte[]> record) throws InterruptedException {
    if (!begun.get() && begun.compareAndSet(false, true)) {
      bytesAtFirst = THREADS.getTotalThreadAllocatedBytes();
      upAtFirst = ManagementFactory.getRuntimeMXBean().getUptime();
      first = System.nanoTime();
      started.countDown();
    }
    if (workMillis > 0) {
      Thread.sleep(workMillis);
    }
    if (counts(record) && handled.incrementAndGet() == records) {
      end();
    }
  }

  private boolean counts(ConsumerRecord<String, byte[]> record) {
    return switch (keys) {
      case UNIFORM -> true;
      case ZIPF -> !record.key().equals(Topics.FIRST_KEY);
      case PACED -> {
        long now = Pace.now();
        CommitProbe.handled(record, now);
        long due = Pace.due(record.value());
        if (due == 0) {
          yield false;
        }
        latency.recordValue(Math.max(0, now - due));
        yield true;
      }
    };
  }

  private void end() {
    last = System.nanoTime();
    bytesAtLast = THREADS.getTotalThreadAllocatedBytes();
    done.countDown();
  }

  /** Waits until the last record is handled, or the time since the first record is over. */
  void await(int seconds) throws InterruptedException {
    if (!started.await(SECONDS_TO_START, TimeUnit.SECONDS)
        || !done.await(seconds, TimeUnit.SECONDS)) {
      end();
    }
  }

  int handled() {
    return Math.min(records, handled.get());
  }

  double perSecond() {
    return first == 0 ? 0 : handled() * 1e9 / (last - first);
  }

  /** The time from the start of the JVM to the first record, in ms. */
  long upAtFirst() {
    return upAtFirst;
  }

  double bytesPerRecord() {
    return handled() == 0 ? 0 : (double) (bytesAtLast - bytesAtFirst) / handled();
  }

  /** The highest number of platform threads, including the threads of the JVM. */
  static int peakThreads() {
    return THREADS.getPeakThreadCount();
  }

  /** The time from the planned send time of a record to the end of its handler, in microseconds. */
  long latency(double percentile) {
    return latency.getValueAtPercentile(percentile);
  }
}
