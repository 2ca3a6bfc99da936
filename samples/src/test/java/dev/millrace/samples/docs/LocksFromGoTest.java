package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.google.common.util.concurrent.Striped;
import dev.millrace.context.Context;
import dev.millrace.sync.ChannelLock;
import dev.millrace.sync.Contention;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import org.assertj.core.data.Offset;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide for Go programmers about locks, maps and caches, run. */
@Timeout(30)
class LocksFromGoTest {

  /** Runs the work in many threads at once, and waits for them. */
  private static void inParallel(int threads, Runnable work) throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      for (int i = 0; i < threads; i++) {
        group.fork(
            () -> {
              work.run();
              return null;
            });
      }
      group.join();
    }
  }

  // doc:begin
  /** A spin lock: for a few instructions that never block. */
  static final class Spin {
    private static final VarHandle HELD;

    static {
      try {
        HELD = MethodHandles.lookup().findVarHandle(Spin.class, "held", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    @SuppressWarnings("unused") // through HELD
    private boolean held;

    void lock() {
      while (!HELD.compareAndSet(this, false, true)) { // atomic.CompareAndSwapUint32
        Thread.onSpinWait(); //                           runtime.Gosched, but on the processor
      }
    }

    void unlock() {
      HELD.setRelease(this, false); //                    atomic.StoreUint32
    }
  }

  // doc:end

  @Test
  void spinLock() throws Exception {
    var lock = new Spin();
    int[] sum = new int[1];
    inParallel(
        4,
        () -> {
          for (int i = 0; i < 1_000; i++) {
            lock.lock();
            sum[0]++;
            lock.unlock();
          }
        });
    assertThat(sum[0]).isEqualTo(4_000);
  }

  @Test
  void stripedMap() throws Exception {
    // doc:begin
    Map<String, Integer> hits = new ConcurrentHashMap<>(); // locks one bin, not the map
    Runnable hit = () -> hits.merge("page", 1, Integer::sum); // atomic for its key
    // doc:end
    inParallel(8, hit);
    assertThat(hits).containsExactly(Map.entry("page", 8));
  }

  @Test
  void stripedLocks() throws Exception {
    Map<String, Integer> balances = new ConcurrentHashMap<>(Map.of("ada", 0, "bob", 0));
    var customer = "ada";
    // doc:begin
    Striped<Lock> locks = Striped.lock(64); // 64 locks for any number of keys
    Runnable deposit =
        () -> {
          Lock lock = locks.get(customer); // equal keys have the same lock
          lock.lock();
          try { // several steps, which may block, under the lock of one customer
            Integer before = balances.get(customer);
            balances.put(customer, before + 10);
          } finally {
            lock.unlock();
          }
        };
    // doc:end
    inParallel(8, deposit);
    assertThat(balances).containsEntry("ada", 80);
  }

  // doc:begin
  record Config(int limit, List<String> hosts) {
    Config {
      hosts = List.copyOf(hosts); // immutable: readers cannot see a half of an update
    }

    Config withHost(String host) {
      List<String> more = new ArrayList<>(hosts);
      more.add(host);
      return new Config(limit, more);
    }
  }

  // doc:end

  @Test
  void copyOnWrite() throws Exception {
    // doc:begin
    var config = new AtomicReference<>(new Config(10, List.of("a"))); // atomic.Value
    Config before = config.get(); //                                     Load: never blocks
    Config after = config.updateAndGet(old -> old.withHost("b")); //     copy, then Store
    // doc:end
    assertThat(before.hosts()).containsExactly("a");
    assertThat(after).isSameAs(config.get()).isEqualTo(new Config(10, List.of("a", "b")));
    var number = new AtomicInteger();
    inParallel(8, () -> config.updateAndGet(old -> old.withHost("h" + number.incrementAndGet())));
    assertThat(config.get().hosts()).hasSize(10); // no update is lost
  }

  @Test
  void cache() throws Exception {
    var loads = new AtomicInteger();
    // doc:begin
    LoadingCache<String, String> users =
        Caffeine.newBuilder()
            .maximumSize(10_000)
            .expireAfterWrite(Duration.ofMinutes(10))
            .build(id -> "user " + id + ", load " + loads.incrementAndGet());
    // doc:end
    List<String> got = new ArrayList<>();
    inParallel(
        50,
        () -> {
          String user = users.get("7"); // one load for all callers that ask meanwhile
          synchronized (got) {
            got.add(user);
          }
        });
    assertThat(got).hasSize(50).containsOnly("user 7, load 1");
  }

  @Test
  void readWriteLock() throws Exception {
    Map<String, String> routes = new HashMap<>();
    // doc:begin
    var lock = new ReentrantReadWriteLock(); // sync.RWMutex
    lock.writeLock().lock(); //                 Lock
    try {
      routes.put("/", "home");
      lock.readLock().lock(); //                a writer may take the read lock as well: downgrade
    } finally {
      lock.writeLock().unlock();
    }
    try {
      assertThat(routes).containsKey("/"); //   RLock: readers do not exclude each other
    } finally {
      lock.readLock().unlock();
    }
    // doc:end
    assertThat(lock.getReadLockCount()).isZero();
    assertThat(lock.isWriteLocked()).isFalse();
  }

  // doc:begin
  static final class Point {
    private final StampedLock lock = new StampedLock();
    private double x;
    private double y;

    void move(double dx, double dy) {
      long stamp = lock.writeLock();
      try {
        x += dx;
        y += dy;
      } finally {
        lock.unlockWrite(stamp);
      }
    }

    double distance() {
      long stamp = lock.tryOptimisticRead(); // takes no lock, writes no shared memory
      double x1 = x;
      double y1 = y;
      if (!lock.validate(stamp)) { //           a writer came: read again, under the lock
        stamp = lock.readLock();
        try {
          x1 = x;
          y1 = y;
        } finally {
          lock.unlockRead(stamp);
        }
      }
      return Math.hypot(x1, y1);
    }
  }

  // doc:end

  @Test
  void optimisticRead() throws Exception {
    var point = new Point();
    try (var group = TaskGroup.open(Context.background())) {
      var writer =
          group.fork(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  point.move(3, 4);
                }
                return null;
              });
      while (writer.state() == Task.State.RUNNING) {
        assertThat(point.distance() % 5).isCloseTo(0, Offset.offset(1e-6));
      }
      group.join();
    }
    assertThat(point.distance()).isEqualTo(50_000);
  }

  // doc:begin
  private int data; //               a plain field
  private volatile boolean ready; // a volatile write publishes what was written before it

  void publish() {
    data = 42;
    ready = true;
  }

  int awaitData() {
    while (!ready) {
      Thread.onSpinWait();
    }
    return data; // 42: the volatile read came after the volatile write
  }

  // doc:end

  @Test
  void memoryOrder() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      var seen = group.fork(this::awaitData);
      publish();
      group.join();
      assertThat(seen.get()).isEqualTo(42);
    }
  }

  @Test
  @SuppressWarnings("LockNotBeforeTry") // the order of the waiters is the point; nothing throws
  void fairness() throws Exception {
    List<Integer> order = new ArrayList<>();
    // doc:begin
    var fair = new ReentrantLock(true); // hand-off: the longest waiter is next, nobody barges in
    fair.lock();
    fair.lock(); //                        re-entrant: the owner may lock again …
    fair.unlock();
    assertThat(fair.isHeldByCurrentThread()).isTrue(); // … and unlocks as often
    // doc:end
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      threads.add(
          Thread.startVirtualThread(
              () -> {
                fair.lock();
                order.add(number);
                fair.unlock();
              }));
      Awaitility.await().until(() -> fair.getQueueLength() == number + 1);
    }
    fair.unlock();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(order).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void notReentrant() throws Exception {
    // doc:begin
    var lock = new ChannelLock(); //                             like sync.Mutex: has no owner
    lock.lock();
    boolean again = lock.tryLock(Duration.ofMillis(5)); //       not re-entrant
    Thread.ofVirtual().start(lock::unlock).join(); //            another thread may unlock it
    // doc:end
    assertThat(again).isFalse();
    assertThat(lock.isLocked()).isFalse();
  }

  @Test
  @SuppressWarnings("LockNotBeforeTry") // the order of the waiters is the point; nothing throws
  void writerPreference() throws Exception {
    // doc:begin
    var lock = new ReentrantReadWriteLock(true); // fair: readers wait behind a waiting writer
    lock.readLock().lock();
    var written = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(
            () -> {
              lock.writeLock().lock(); // waits for the reader
              written.countDown();
              lock.writeLock().unlock();
            });
    Awaitility.await().until(lock::hasQueuedThreads);
    var second = Thread.ofVirtual().unstarted(lock.readLock()::lock);
    second.start(); //                  a new reader does not overtake the writer
    Awaitility.await().until(() -> lock.hasQueuedThread(second));
    lock.readLock().unlock();
    written.await();
    // doc:end
    second.join();
    assertThat(lock.getReadLockCount()).isEqualTo(1);
  }

  // doc:begin
  /** Storage that a paused holder of a distributed lock cannot harm. */
  static final class FencedStore {
    private long newest;
    private String value = "";

    synchronized void write(long token, String text) { // token: grows with each lease of the lock
      if (token < newest) {
        throw new IllegalStateException("token %d is older than %d".formatted(token, newest));
      }
      newest = token;
      value = text;
    }
  }

  // doc:end

  @Test
  void fencingToken() {
    var store = new FencedStore();
    store.write(33, "first holder");
    store.write(34, "second holder: the lease of the first one has passed");
    assertThatThrownBy(() -> store.write(33, "late"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("older");
    assertThat(store.value).startsWith("second");
  }

  @Test
  void poolOfBuffers() {
    // doc:begin
    byte[] buffer = new byte[8192]; // no pool: the collector frees a short-lived array for nothing
    // doc:end
    Arrays.fill(buffer, (byte) 1);
    assertThat(buffer).hasSize(8192).containsOnly(1);
  }

  @Test
  @SuppressWarnings("LockNotBeforeTry") // held until the waiter is seen
  void contention() throws Exception {
    var lock = new ReentrantLock();
    lock.lock();
    // doc:begin
    Contention contention = Contention.of("orders lock"); // for any call that may wait
    Thread waiter =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    contention.waiting(lock::lockInterruptibly);
                    lock.unlock();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    Awaitility.await().until(() -> contention.figures().waiters() == 1); // a gauge
    lock.unlock();
    waiter.join();
    Contention.Figures figures = contention.figures(); // waits, given up, total, longest, oldest
    // doc:end
    assertThat(figures.waiters()).isZero();
    assertThat(figures.waits()).isEqualTo(1);
    assertThat(figures.longest()).isPositive();
  }
}
