package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.sync.Semaphore;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The context, group and lock snippets of the guide for Go programmers, run. */
@Timeout(30)
class GroupsFromGoTest {

  @Test
  void context() throws Exception {
    List<String> seen = new ArrayList<>();
    var released = new CountDownLatch(1);
    // doc:begin
    Context.Key<String> user = Context.Key.of("user"); //      a typed key: no cast
    try (var deadline = Context.background().withTimeout(Duration.ofSeconds(5));
        var context = deadline.withCancel()) { //              defer cancel()
      Context request = context.withValue(user, "ada");
      request.afterFunc(released::countDown); //               context.AfterFunc
      Context audit = request.withoutCancel(); //              keeps the values only

      context.cancel(new IOException("client gone")); //       WithCancelCause
      seen.add(request.cause() + ", " + audit.isCancelled() + ", " + request.value(user));
    }
    // doc:end
    released.await();
    assertThat(seen).containsExactly("java.io.IOException: client gone, false, ada");
  }

  @Test
  void contextIsCurrent() throws Exception {
    Context.Key<String> user = Context.Key.of("user");
    Context request = Context.background().withValue(user, "ada");
    // doc:begin
    String who = request.call(() -> Context.current().value(user)); // without a parameter
    // doc:end
    assertThat(who).isEqualTo("ada");
  }

  @Test
  void deadline() {
    // doc:begin
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      Channel<String> silent = Channel.rendezvous();
      assertThatThrownBy(() -> silent.receive(context)) // gives up when the context is done
          .isInstanceOf(CancellationException.class)
          .hasCauseInstanceOf(DeadlineExceededException.class);
    }
    // doc:end
  }

  @Test
  void errgroup() throws Exception {
    // doc:begin
    try (var group = TaskGroup.open(Context.background()).limit(2)) { // WithContext, SetLimit
      group.fork(() -> Thread.currentThread().isVirtual()); //           g.Go
      group.fork(
          () -> {
            throw new IOException("no route"); // the first failure cancels the others
          });
      group.join(); // err := g.Wait()
    } catch (ExecutionException e) {
      assertThat(e).hasRootCauseMessage("no route");
    }
    // doc:end
  }

  @Test
  void collectAll() throws Exception {
    // doc:begin
    try (var group = TaskGroup.collecting(Context.background())) { // all run to their end
      for (int i = 0; i < 3; i++) {
        int id = i;
        group.fork(
            () -> {
              throw new IOException("task " + id);
            });
      }
      assertThatThrownBy(group::join)
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(3)); // site of the fork, two others
    }
    // doc:end
  }

  private final List<Integer> elements = IntStream.rangeClosed(1, 20).boxed().toList();
  private final List<Throwable> failures = new ArrayList<>();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();

  /** A task that counts the tasks that run at the same time. */
  private int square(int element) {
    most.accumulateAndGet(running.incrementAndGet(), Math::max);
    Thread.yield();
    running.decrementAndGet();
    done.incrementAndGet();
    return element * element;
  }

  private int squareUnlessThree(int element) throws IOException {
    if (element == 3) {
      throw new IOException("element " + element);
    }
    return square(element);
  }

  private Semaphore semaphore(StageFunction<Integer, Integer> work) throws InterruptedException {
    // doc:begin
    var memory = new Semaphore(4); //               semaphore.NewWeighted(4)
    try (var group = TaskGroup.open(Context.background())) {
      for (int element : elements) {
        group.fork(
            () -> {
              memory.acquire(2, group.context()); // gives up when the group is cancelled
              try {
                return work.apply(element);
              } finally {
                memory.release(2);
              }
            });
      }
      group.join();
    } catch (ExecutionException e) {
      failures.add(e.getCause()); //                of the first task that failed
    }
    // doc:end
    return memory;
  }

  private Semaphore semaphoreBeforeTheFork(StageFunction<Integer, Integer> work)
      throws InterruptedException {
    // doc:begin
    var memory = new Semaphore(4);
    try (var group = TaskGroup.open(Context.background())) {
      for (int element : elements) {
        memory.acquire(2); // before the fork: bounds the number of tasks as well
        group.fork(
            () -> {
              try {
                return work.apply(element);
              } finally {
                memory.release(2);
              }
            },
            () -> memory.release(2)); // called instead, if the group is cancelled by now
      }
      group.join();
    } catch (ExecutionException e) {
      failures.add(e.getCause());
    }
    // doc:end
    return memory;
  }

  private Channel<Boolean> tokens(StageFunction<Integer, Integer> work)
      throws InterruptedException {
    // doc:begin
    Channel<Boolean> tokens = Channel.buffered(3); // at most three at once
    try (var group = TaskGroup.open(Context.background())) {
      for (int element : elements) {
        group.fork(
            () -> {
              tokens.send(true); //                   in the task: one that is not run takes none
              try {
                return work.apply(element);
              } finally {
                tokens.tryReceive(); //               its own: never waits, and obeys no interrupt
              }
            });
      }
      group.join();
    } catch (ExecutionException e) {
      failures.add(e.getCause());
    }
    // doc:end
    return tokens;
  }

  private void workers(StageFunction<Integer, Integer> work) throws InterruptedException {
    // doc:begin
    Channel<Integer> jobs = Channel.rendezvous(); // sending is one thing, executing another
    try (var group = TaskGroup.open(Context.background())) {
      for (int worker = 0; worker < 3; worker++) {
        group.fork(
            () -> {
              for (int job : jobs) {
                work.apply(job);
              }
              return null;
            });
      }
      group.fork(
          () -> {
            for (int element : elements) {
              jobs.send(element); //                 a task too: a failing worker interrupts it
            }
            jobs.close();
            return null;
          });
      group.join();
    } catch (ExecutionException e) {
      failures.add(e.getCause());
    }
    // doc:end
  }

  @Test
  void semaphore() throws Exception {
    assertThat(semaphore(this::square).acquired()).isZero();
    assertThat(semaphoreBeforeTheFork(this::square).acquired()).isZero();
    assertThat(failures).isEmpty();
    assertThat(most).hasValueLessThanOrEqualTo(2);
    assertThat(done).hasValue(40);
  }

  @Test
  void boundByABufferedChannel() throws Exception {
    assertThat(tokens(this::square).size()).isZero();
    assertThat(failures).isEmpty();
    assertThat(most).hasValueLessThanOrEqualTo(3);
    assertThat(done).hasValue(20);
  }

  @Test
  void boundByWorkers() throws Exception {
    workers(this::square);
    assertThat(failures).isEmpty();
    assertThat(most).hasValueLessThanOrEqualTo(3);
    assertThat(done).hasValue(20);
  }

  /** The recipes neither hang nor lose a permit when a task fails, and they report the failure. */
  @RepeatedTest(20)
  void recipesBearAFailingTask() throws Exception {
    assertThat(semaphore(this::squareUnlessThree).acquired()).isZero();
    assertThat(semaphoreBeforeTheFork(this::squareUnlessThree).acquired()).isZero();
    assertThat(tokens(this::squareUnlessThree).size()).isZero();
    workers(this::squareUnlessThree);
    assertThat(failures).hasSize(4).allSatisfy(e -> assertThat(e).hasMessage("element 3"));
  }

  @Test
  void conditionVariable() throws Exception {
    // doc:begin
    var lock = new ReentrantLock(); //           sync.Mutex
    Condition notEmpty = lock.newCondition(); // sync.NewCond(&mutex)
    Deque<String> queue = new ArrayDeque<>();
    Thread.ofVirtual()
        .start(
            () -> {
              lock.lock();
              try {
                queue.add("job");
                notEmpty.signal(); //            signalAll() is Broadcast
              } finally {
                lock.unlock();
              }
            });
    lock.lock();
    try {
      while (queue.isEmpty()) { //               a loop, as in Go: wake-ups may be spurious
        notEmpty.await();
      }
      assertThat(queue.remove()).isEqualTo("job");
    } finally {
      lock.unlock();
    }
    // doc:end
  }

  @Test
  void atomics() throws Exception {
    // doc:begin
    var value = new AtomicInteger();
    value.compareAndSet(0, 1); //        atomic.CompareAndSwap
    value.updateAndGet(x -> x * 2); //   the loop around it; the function may run more than once
    var hits = new LongAdder(); //       a counter that many threads add to
    hits.increment();
    // doc:end
    assertThat(value).hasValue(2);
    assertThat(hits.sum()).isEqualTo(1);
  }
}
