package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide for Go programmers about threads, run. */
@Timeout(60)
class ThreadsFromGoTest {

  private static final CountDownLatch NEVER = new CountDownLatch(1);

  /** Blocks in the initializer of a class, whose frame is native: that pins. */
  private static final class Pinning {
    static final boolean OPENED;

    static {
      try {
        OPENED = NEVER.await(30, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  @Test
  void pinned() throws Exception {
    var monitor = new Object();
    // doc:begin
    List<RecordedEvent> pinned = new CopyOnWriteArrayList<>();
    try (var jfr = new RecordingStream()) { // or: jcmd PID JFR.start, then jfr view
      jfr.enable("jdk.VirtualThreadPinned").withStackTrace().withoutThreshold();
      jfr.onEvent("jdk.VirtualThreadPinned", pinned::add);
      jfr.startAsync();

      runVirtual( // JDK 24 and newer: a monitor no longer pins
          () -> {
            synchronized (monitor) {
              return NEVER.await(30, TimeUnit.MILLISECONDS);
            }
          });
      runVirtual(() -> Pinning.OPENED); // a class initializer or native code does
      jfr.stop(); // waits for the events
    }
    // doc:end
    assertThat(pinned)
        .singleElement()
        .satisfies(event -> assertThat(event.getStackTrace().toString()).contains("Pinning"));
  }

  private interface Body {
    boolean run() throws InterruptedException;
  }

  private static void runVirtual(Body body) throws InterruptedException {
    var opened = new boolean[1];
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                opened[0] = body.run();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            })
        .join();
    assertThat(opened[0]).isFalse();
  }

  @Test
  void carriers() {
    // doc:begin
    var scheduler = ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    int carriers = scheduler.getParallelism(); //          GOMAXPROCS
    scheduler.setParallelism(carriers + 1); //             runtime.GOMAXPROCS(n)
    long waiting = scheduler.getQueuedVirtualThreadCount(); // wait for a carrier
    // doc:end
    try {
      assertThat(scheduler.getParallelism()).isEqualTo(carriers + 1);
      assertThat(waiting).isNotNegative();
    } finally {
      scheduler.setParallelism(carriers);
    }
  }

  record Node(int value, List<Node> children) {}

  // doc:begin
  static int total(Node node) throws Exception { // each node may block, as for a remote call
    try (var group = TaskGroup.open(Context.current())) { // nested: a child of the outer group
      List<Task<Integer>> parts = new ArrayList<>();
      for (Node child : node.children()) {
        parts.add(group.fork(() -> total(child))); // fork
      }
      group.join(); //                                join: the first failure cancels the whole tree
      return node.value() + parts.stream().mapToInt(Task::get).sum();
    }
  }

  // doc:end

  @Test
  void nestedGroups() throws Exception {
    var leaf = new Node(1, List.of());
    var twig = new Node(10, List.of(leaf, leaf));
    assertThat(total(new Node(100, List.of(twig, twig, leaf)))).isEqualTo(125);
  }

  // doc:begin
  static final class Sum extends RecursiveTask<Long> { // only computes: idle workers steal parts
    private static final long serialVersionUID = 1L;
    private final transient long[] numbers;
    private final int from;
    private final int to;

    Sum(long[] numbers, int from, int to) {
      this.numbers = numbers;
      this.from = from;
      this.to = to;
    }

    @Override
    protected Long compute() {
      if (to - from <= 10_000) {
        long sum = 0;
        for (int i = from; i < to; i++) {
          sum += numbers[i];
        }
        return sum;
      }
      int middle = (from + to) >>> 1;
      var left = new Sum(numbers, from, middle);
      left.fork();
      return new Sum(numbers, middle, to).compute() + left.join();
    }
  }

  // doc:end

  @Test
  void forkJoinPool() {
    long[] numbers = LongStream.rangeClosed(1, 1_000_000).toArray();
    assertThat(ForkJoinPool.commonPool().invoke(new Sum(numbers, 0, numbers.length)))
        .isEqualTo(500_000_500_000L);
  }
}
