package dev.millrace.benchmarks.kafka;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.millrace.context.Context;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import reactor.core.publisher.Mono;

/**
 * Measures a loop without a broker, in one JVM: passes of some records, each from the release of
 * the records to the end of the last handler. Prints a line for each pass, and at the end the
 * medians, with the mean of the processor time.
 *
 * <p>Arguments: the arm ({@code RAW UNORDERED KEY PARTITION REACTOR REACTIVE}), the work in ms, the
 * passes, the passes before them that do not count, and the records of a pass.
 */
final class LoopPasses {

  private static final int IN_FLIGHT = Integer.getInteger("inFlight", 10_000);

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final Feed feed = new Feed();
  private final int workMillis;
  private final int records;
  private final AtomicInteger left = new AtomicInteger();
  private volatile CountDownLatch done = new CountDownLatch(1);

  private LoopPasses(int workMillis, int records) {
    this.workMillis = workMillis;
    this.records = records;
  }

  public static void main(String[] args) throws Exception {
    int workMillis = Integer.parseInt(args[1]);
    int passes = Integer.parseInt(args[2]);
    int before = Integer.parseInt(args[3]);
    var job = new LoopPasses(workMillis, Integer.parseInt(args[4]));
    job.start(args[0]);
    double[][] columns = new double[4][passes];
    for (int i = -before; i < passes; i++) {
      double[] pass = job.pass();
      System.out.printf(
          Locale.ROOT,
          "%s %d ms %s %,9.0f records/s %6.2f us cpu %6.0f B %5.3f threads%n",
          args[0],
          workMillis,
          i < 0 ? "warm-up" : "pass",
          pass[0],
          pass[1],
          pass[2],
          pass[3]);
      for (int c = 0; c < 4 && i >= 0; c++) {
        columns[c][i] = pass[c];
      }
    }
    for (double[] column : columns) {
      Arrays.sort(column);
    }
    System.out.printf(
        Locale.ROOT,
        "%s %d ms MEDIAN %,9.0f records/s %6.2f us cpu %6.0f B %5.3f threads%n",
        args[0],
        workMillis,
        columns[0][passes / 2],
        columns[1][passes / 2],
        columns[2][passes / 2],
        columns[3][passes / 2]);
    System.out.flush();
    if (Boolean.getBoolean("exit")) {
      System.exit(0); // for a recording
    }
    Runtime.getRuntime().halt(0); // the end of an arm is not measured
  }

  /** Records per second; and for each record: processor time in µs, bytes, threads. */
  private double[] pass() throws InterruptedException {
    done = new CountDownLatch(1);
    left.set(records);
    long threads = newestThread();
    long bytes = THREADS.getTotalThreadAllocatedBytes();
    long cpu = SYSTEM.getProcessCpuTime();
    long since = System.nanoTime();
    feed.release(records / Feed.PARTITIONS);
    done.await();
    long took = System.nanoTime() - since;
    double[] pass = {
      records * 1e9 / took,
      (SYSTEM.getProcessCpuTime() - cpu) / 1e3 / records,
      (double) (THREADS.getTotalThreadAllocatedBytes() - bytes) / records,
      (double) (newestThread() - threads) / records
    };
    Thread.sleep(200); // commits, and threads that end
    return pass;
  }

  /** Identifiers of threads rise by one. */
  private static long newestThread() {
    return Thread.ofVirtual().unstarted(() -> {}).threadId();
  }

  private void handle(ConsumerRecord<String, byte[]> record) throws InterruptedException {
    if (workMillis > 0) {
      Thread.sleep(workMillis);
    }
    handled();
  }

  private Mono<Void> react(ConsumerRecord<String, byte[]> record) {
    if (workMillis == 0) {
      handled();
      return Mono.empty();
    }
    return Mono.delay(Duration.ofMillis(workMillis)).doOnNext(tick -> handled()).then();
  }

  private void handled() {
    if (left.decrementAndGet() == 0) {
      done.countDown();
    }
  }

  private void start(String arm) {
    switch (arm) {
      case "RAW" -> Thread.ofPlatform().daemon().start(this::raw);
      case "REACTOR" ->
          reactor(ReactorKafkaLoop.<String, byte[]>builder().blockingHandler(this::handle));
      case "REACTIVE" -> reactor(ReactorKafkaLoop.<String, byte[]>builder().handler(this::react));
      default -> channels(Ordering.valueOf(arm));
    }
  }

  private void channels(Ordering ordering) {
    var builder =
        with(KafkaLoop.<String, byte[]>builder().handler(this::handle))
            .concurrency(IN_FLIGHT)
            .ordering(ordering);
    KafkaLoop<String, byte[]> loop = builder.build();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                loop.run(Context.background());
              } catch (InterruptedException | ExecutionException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private void reactor(ReactorKafkaLoop.Builder<String, byte[]> builder) {
    var _ =
        with(builder).concurrency(IN_FLIGHT).ordering(Ordering.UNORDERED).build().run().subscribe();
  }

  private <B extends ConsumerBuilder<String, byte[], B>> B with(B builder) {
    Drafts.consumer(builder).factory = properties -> feed;
    return builder
        .properties(
            Map.of(
                "bootstrap.servers",
                "localhost:1",
                "group.id",
                "passes",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                ByteArrayDeserializer.class))
        .topics(Feed.TOPIC)
        .buffer(IN_FLIGHT)
        .lookAhead(Math.max(100_000, IN_FLIGHT));
  }

  private void raw() {
    feed.subscribe(List.of(Feed.TOPIC));
    while (true) {
      for (ConsumerRecord<byte[], byte[]> record : feed.poll(Duration.ofMillis(100))) {
        var given =
            new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                new String(record.key(), StandardCharsets.UTF_8),
                record.value());
        Thread.startVirtualThread(
            () -> {
              try {
                handle(given);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
      }
    }
  }
}
