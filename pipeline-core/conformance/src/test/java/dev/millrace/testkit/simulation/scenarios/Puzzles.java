package dev.millrace.testkit.simulation.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/** Small programs with a known defect, or with none, for the tests of the simulation itself. */
public final class Puzzles implements LongConsumer {

  private interface Body {
    void run() throws Exception;
  }

  private final String name;
  private volatile int counter;

  public Puzzles(String name) {
    this.name = name;
  }

  @Override
  public void accept(long seed) {
    try {
      body().run();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private Body body() {
    return switch (name) {
      case "lost update" -> this::lostUpdate;
      case "two locks" -> this::twoLocks;
      case "two monitors" -> this::twoMonitors;
      case "only yields" -> this::onlyYields;
      case "a thread lives on" -> this::livesOn;
      case "a missed wake-up" -> this::missedWakeUp;
      case "time" -> Puzzles::time;
      case "monitors" -> this::monitors;
      case "channels" -> Puzzles::channels;
      case "nothing after a cancel" -> Puzzles::nothingAfterACancel;
      case "selects" -> Puzzles::selects;
      case "sets" -> this::sets;
      case "maps" -> this::maps;
      case "a monitor of the JDK" -> this::monitorOfTheJdk;
      case "interrupts" -> Puzzles::interrupts;
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** An object with the hash code of {@link Object}. */
  private static final class Plain {
    private final int times;

    Plain(int times) {
      this.times = times;
    }
  }

  /** The order of the threads is the order of a hash set. */
  private void sets() throws InterruptedException {
    assertThat(Set.of("a", "b", "c", "d", "e")).containsExactly("c", "b", "a", "e", "d");
    assertThat(Map.of("a", 1, "b", 2, "c", 3).keySet()).containsExactly("c", "b", "a");
    Set<Plain> all = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      all.add(new Plain(i));
    }
    List<Body> bodies = new ArrayList<>();
    all.forEach(
        plain ->
            bodies.add(
                () -> {
                  for (int i = 0; i < plain.times; i++) {
                    counter = i;
                  }
                }));
    join(together(bodies.toArray(Body[]::new)));
  }

  /** Two threads compute a value, and one of them may have to wait for the other. */
  private void maps() throws InterruptedException {
    Map<String, Integer> values = new ConcurrentHashMap<>();
    bothAtOnce(() -> values.computeIfAbsent("one", _ -> counter = 1));
  }

  /** The same with a list, which holds its monitor meanwhile. */
  private void monitorOfTheJdk() throws InterruptedException {
    List<Integer> values = new CopyOnWriteArrayList<>(List.of(1, 2, 3));
    bothAtOnce(() -> values.removeIf(one -> counter > one));
  }

  /** No time passes before the JDK has resumed a thread that waited for a monitor of the JDK. */
  private void bothAtOnce(Body body) throws InterruptedException {
    var late = new AtomicInteger();
    Body look =
        () -> {
          Instant before = Instant.now();
          body.run();
          if (Duration.between(before, Instant.now()).toSeconds() > 0) {
            late.incrementAndGet();
          }
        };
    join(together(look, look, Puzzles::tick));
    assertThat(late).hasValue(0);
  }

  private static void tick() throws InterruptedException {
    for (int i = 0; i < 10; i++) {
      Thread.sleep(Duration.ofMinutes(1));
    }
  }

  /** An interrupt ends the wait in a monitor, also if the interrupt is a method reference. */
  private static void interrupts() throws InterruptedException {
    var monitor = new Object();
    Body wait =
        () -> {
          try {
            synchronized (monitor) {
              while (true) {
                monitor.wait();
              }
            }
          } catch (InterruptedException e) { // the end
          }
        };
    List<Thread> all = together(wait, wait);
    Thread.sleep(Duration.ofSeconds(1)); // both wait
    all.forEach(Thread::interrupt);
    join(all);
  }

  private static List<Thread> together(Body... bodies) {
    List<Thread> threads = new ArrayList<>();
    for (Body each : bodies) {
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      each.run();
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  }));
    }
    return threads;
  }

  private static void join(List<Thread> threads) throws InterruptedException {
    for (Thread each : threads) {
      each.join();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the defect
  private void lostUpdate() throws Exception {
    Body increments = () -> counter++;
    join(together(increments, increments));
    assertThat(counter).isEqualTo(2);
  }

  private void twoLocks() throws Exception {
    var one = new ReentrantLock();
    var other = new ReentrantLock();
    join(together(() -> both(one, other), () -> both(other, one)));
  }

  private static void both(ReentrantLock first, ReentrantLock second) {
    first.lock();
    try {
      second.lock();
      try {
        Thread.onSpinWait();
      } finally {
        second.unlock();
      }
    } finally {
      first.unlock();
    }
  }

  private void twoMonitors() throws Exception {
    var one = new Object();
    var other = new Object();
    join(together(() -> bothMonitors(one, other), () -> bothMonitors(other, one)));
  }

  private void bothMonitors(Object first, Object second) {
    synchronized (first) {
      synchronized (second) {
        counter = counter + 1;
      }
    }
  }

  private void onlyYields() throws Exception {
    join(
        together(
            () -> {
              while (counter == 0) {
                Thread.yield();
              }
            }));
  }

  private void livesOn() {
    var _ = Thread.ofVirtual().start(() -> sleepFor(Duration.ofDays(2)));
  }

  private static void sleepFor(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits without a look under the monitor. */
  @SuppressWarnings("WaitNotInLoop") // the defect
  private void missedWakeUp() throws Exception {
    var monitor = new Object();
    join(
        together(
            () -> {
              if (counter == 0) {
                synchronized (monitor) {
                  monitor.wait();
                }
              }
            },
            () -> {
              counter = 1;
              synchronized (monitor) {
                monitor.notifyAll();
              }
            }));
  }

  private static void time() throws Exception {
    long start = System.nanoTime();
    Instant day = Instant.now();
    Thread.sleep(Duration.ofDays(1));
    assertThat(new CountDownLatch(1).await(1, TimeUnit.DAYS)).isFalse();
    assertThat(new ReentrantLock().newCondition()).isNotNull();
    try {
      new CompletableFuture<Void>().get(1, TimeUnit.DAYS);
      throw new AssertionError("it cannot be done");
    } catch (java.util.concurrent.TimeoutException e) {
      assertThat(System.nanoTime() - start)
          .isBetween(Duration.ofDays(3).toNanos(), Duration.ofDays(4).toNanos());
      assertThat(Duration.between(day, Instant.now())).isGreaterThanOrEqualTo(Duration.ofDays(3));
    }
    try (var context = Context.background().withTimeout(Duration.ofDays(5))) {
      assertThat(context.isCancelled()).isFalse();
      Thread.sleep(Duration.ofDays(6));
      assertThat(context.isCancelled()).isTrue();
    }
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(Duration.ofDays(9).toNanos());
  }

  private synchronized int add(int amount) {
    counter = counter + amount;
    notifyAll();
    return counter;
  }

  private synchronized void awaitAtLeast(int number) throws InterruptedException {
    while (counter < number) {
      wait();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // nobody notifies
  private synchronized boolean awaitFor(int number, long millis) throws InterruptedException {
    if (counter < number) {
      wait(millis);
    }
    return counter >= number;
  }

  private void monitors() throws Exception {
    Body adds = () -> add(1);
    List<Thread> threads = together(adds, adds, adds, () -> awaitAtLeast(3));
    join(threads);
    assertThat(add(0)).isEqualTo(3);
    assertThat(awaitFor(4, 1000)).isFalse();
    Thread waits = together(() -> awaitInterrupt()).getFirst();
    waits.interrupt();
    waits.join();
    assertThat(add(0)).isEqualTo(13);
  }

  private void awaitInterrupt() {
    try {
      awaitAtLeast(100);
    } catch (InterruptedException e) {
      add(10);
    }
  }

  private static void channels() throws Exception {
    var channel = Channel.<Integer>buffered(1);
    var sum = new AtomicInteger();
    Body sends =
        () -> {
          for (int i = 1; i <= 5; i++) {
            channel.send(i);
          }
        };
    List<Thread> senders = together(sends, sends);
    List<Thread> receivers =
        together(
            () -> {
              for (Integer each : channel) {
                sum.addAndGet(each);
              }
            });
    join(senders);
    channel.close();
    join(receivers);
    assertThat(sum.get()).isEqualTo(30);
  }

  /** An element that is sent after the cancel is not received. */
  private static void nothingAfterACancel() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var received = new AtomicInteger();
    try (var context = Context.background().withCancel()) {
      join(
          together(
              () -> {
                try {
                  received.set(channel.receive(context));
                } catch (CancellationException e) {
                  // the context was faster
                }
              },
              () -> {
                context.cancel();
                channel.send(1);
              }));
    }
    assertThat(received.get()).isZero();
  }

  /** Selects lock the same channels, each in another order. */
  private static void selects() throws Exception {
    List<Channel<Integer>> channels =
        List.of(Channel.buffered(1), Channel.buffered(1), Channel.buffered(1));
    List<Body> bodies = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Channel<Integer> one = channels.get(i);
      Channel<Integer> other = channels.get((i + 1) % 3);
      bodies.add(
          () -> {
            for (int turn = 0; turn < 5; turn++) {
              int element = turn;
              Integer _ =
                  new Select<Integer>()
                      .onReceive(one, received -> received)
                      .onSend(other, element, () -> element)
                      .onDefault(() -> 0)
                      .select();
            }
          });
    }
    join(together(bodies.toArray(Body[]::new)));
  }
}
