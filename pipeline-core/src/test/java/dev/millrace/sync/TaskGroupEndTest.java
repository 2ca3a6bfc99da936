package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import dev.millrace.errors.Note;
import dev.millrace.errors.NotedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of a group, and the report of its join. */
@Timeout(60)
class TaskGroupEndTest {

  /** Apache Kafka's clients throw such constants. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final IOException SHARED = new IOException("shared");

  private final Threads threads = new Threads();
  private final Channel<String> gate = Channel.rendezvous();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  // Waits for itself

  @Test
  void joinAndCloseByATaskOfTheGroupAreRefused() throws Exception {
    try (var group = TaskGroup.open(Context.background())) {
      var joining = group.fork(() -> catchThrowable(group::join));
      var closing = group.fork(() -> catchThrowable(group::close));
      group.join();
      assertThat(joining.get())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("join() of a task group")
          .hasMessageContaining("wait for its own caller");
      assertThat(closing.get())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("close() of a task group")
          .hasMessageContaining("cancel(cause)");
      assertThat(group.context().isCancelled()).isFalse();
    }
  }

  @Test
  void joinAndCloseByATaskOfAnInnerGroupAreRefused() throws Exception {
    try (var outer = TaskGroup.open(Context.background())) {
      var task =
          outer.fork(
              () -> {
                try (var inner = TaskGroup.open(Context.background())) {
                  var joining = inner.fork(() -> catchThrowable(outer::join));
                  var closing = inner.fork(() -> catchThrowable(outer::close));
                  inner.join();
                  return List.of(joining.get(), closing.get());
                }
              });
      outer.join();
      assertThat(task.get()).allMatch(e -> e.toString().contains("wait for its own caller"));
    }
  }

  @Test
  void taskMayJoinAndCloseOtherGroups() throws Exception {
    try (var one = TaskGroup.open(Context.background());
        var other = TaskGroup.open(Context.background())) {
      other.fork(() -> "a");
      one.fork(
          () -> {
            other.join();
            other.close();
            return null;
          });
      one.join();
    }
  }

  // Which exception

  @Test
  void cancelledGroupReportsItsCauseAlsoIfAllTasksReturn() throws Exception {
    var cause = new IOException("enough");
    for (TaskGroup group :
        List.of(TaskGroup.open(Context.background()), TaskGroup.collecting(Context.background()))) {
      try (group) {
        group.fork(() -> "a");
        group.cancel(cause);
        assertThatThrownBy(group::join).isInstanceOf(CancellationException.class).hasCause(cause);
        assertThatThrownBy(group::join).isInstanceOf(CancellationException.class).hasCause(cause);
      }
    }
  }

  /**
   * Later exceptions of the tasks do not change that, for example an IOException after an
   * interrupt.
   */
  @Test
  void cancelledGroupThrowsTheCancellationWhateverItsTasksThrow() throws Exception {
    var cause = new IOException("stop");
    var late = new IOException("closed by interrupt");
    for (int round = 0; round < 300; round++) {
      try (var parent = Context.background().withCancel();
          var group = round % 2 == 0 ? TaskGroup.open(parent) : TaskGroup.collecting(parent)) {
        var begun = new CountDownLatch(2);
        group.fork(
            () -> {
              begun.countDown();
              try {
                return gate.receive();
              } catch (InterruptedException e) {
                throw late;
              }
            });
        group.fork(
            () -> {
              begun.countDown();
              return gate.receive(parent); // the context of the parent, not of the group
            });
        begun.await();
        parent.cancel(cause);
        assertThatThrownBy(group::join)
            .isInstanceOf(CancellationException.class)
            .hasCause(cause)
            .satisfies(
                e -> {
                  assertThat(e.getSuppressed()).hasSize(1);
                  assertThat(e.getSuppressed()[0]).hasCause(late);
                });
      }
    }
    assertThat(late.getSuppressed()).isEmpty();
  }

  /** A task may cancel the group with its failure before it throws it. */
  @Test
  void failureThatHasCancelledTheGroupIsTheCauseWhateverElseFails() throws Exception {
    var decisive = new IOException("decisive");
    for (int round = 0; round < 300; round++) {
      try (var group = TaskGroup.open(Context.background())) {
        var cancelled = new CountDownLatch(1);
        var failed = new CountDownLatch(1);
        group.fork( // first: a fork into a cancelled group is not run
            () -> {
              try {
                cancelled.await();
              } finally {
                failed.countDown();
              }
              throw new IllegalStateException("other");
            });
        group.fork(
            () -> {
              group.cancel(decisive);
              cancelled.countDown();
              while (failed.getCount() > 0) {
                Thread.onSpinWait();
                Thread.yield();
              }
              throw decisive;
            });
        assertThatThrownBy(group::join).isInstanceOf(ExecutionException.class).hasCause(decisive);
      }
    }
  }

  @Test
  void failureThatCameFirstIsThrownThoughTheParentIsCancelledLater() throws Exception {
    var failure = new IOException("first");
    for (int round = 0; round < 300; round++) {
      try (var parent = Context.background().withCancel();
          var group = TaskGroup.open(parent)) {
        group.fork(
            () -> {
              throw failure;
            });
        group.context().done().receiveOrNull();
        parent.cancel(new IOException("later"));
        assertThatThrownBy(group::join).isInstanceOf(ExecutionException.class).hasCause(failure);
      }
    }
  }

  /** The thread that joins may be a task of an outer group, and be interrupted with the parent. */
  @Test
  void cancelledGroupThrowsTheCancellationToAJoinThatIsInterruptedToo() throws Exception {
    var cause = new IOException("stop");
    for (int round = 0; round < 300; round++) {
      try (var parent = Context.background().withCancel();
          var outer = TaskGroup.open(parent)) {
        var begun = new CountDownLatch(1);
        var told = new AtomicReference<Throwable>();
        outer.fork(
            () -> {
              try (var inner = TaskGroup.open(Context.current())) {
                inner.fork(gate::receive);
                begun.countDown();
                told.set(catchThrowable(inner::join));
              }
              return null;
            });
        begun.await();
        parent.cancel(cause);
        assertThatThrownBy(outer::join).isInstanceOf(CancellationException.class).hasCause(cause);
        assertThat(told.get()).isInstanceOf(CancellationException.class).hasCause(cause);
      }
    }
  }

  @Test
  void closedGroupTellsAJoinThatWaits() throws Exception {
    var group = TaskGroup.open(Context.background());
    group.fork(gate::receive);
    var joining =
        threads.start(
            () -> {
              group.join();
              return null;
            });
    await().until(() -> joining.thread().getState() == Thread.State.WAITING);
    group.close();
    assertThatThrownBy(joining::get).hasCauseInstanceOf(CancellationException.class);
  }

  // Failures

  @Test
  void sharedExceptionOfAThousandTasksStaysAsItIs() throws Exception {
    try (var group = TaskGroup.collecting(Context.background())) {
      List<Task<?>> tasks = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        tasks.add(
            group.fork(
                () -> {
                  throw SHARED;
                }));
      }
      assertThatThrownBy(group::join)
          .hasCause(SHARED)
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1_000)); // site, and 999 others
      assertThat(tasks)
          .allSatisfy(
              task -> {
                assertThat(task.failure()).isSameAs(SHARED);
                assertThatThrownBy(task::get).hasCause(SHARED);
              });
    }
    assertThat(SHARED.getSuppressed()).isEmpty();
  }

  @Test
  void groupKeepsNoMoreThanAThousandFailuresAndCountsTheRest() throws Exception {
    try (var group = TaskGroup.collecting(Context.background())) {
      for (int i = 0; i < 1_500; i++) {
        int n = i;
        group.fork(
            () -> {
              throw new IOException("task " + n);
            });
      }
      assertThatThrownBy(group::join)
          .hasMessageContaining("1500 tasks failed")
          .hasMessageContaining("500 of the failures were not kept")
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1_000));
    }
  }

  @Test
  void handlerGetsEveryFailureWithItsSiteAndTheGroupKeepsTheFirstOnly() throws Exception {
    List<NotedException> told = Collections.synchronizedList(new ArrayList<>());
    try (var group = TaskGroup.collecting(Context.background()).onFailure(told::add)) {
      for (int i = 0; i < 100; i++) {
        int n = i;
        group.fork(
            () -> {
              throw new IOException("task " + n);
            });
      }
      assertThatThrownBy(group::join)
          .hasMessageContaining("100 tasks failed")
          .satisfies(e -> assertThat(e.getSuppressed()).as("the site").hasSize(1));
    }
    assertThat(told)
        .hasSize(100)
        .allSatisfy(
            failure -> {
              assertThat(failure).hasCauseInstanceOf(IOException.class);
              assertThat(failure.notes()).singleElement().isInstanceOf(Note.class);
            });
  }

  @Test
  void handlerThatThrowsIsReportedWithTheFailureItWasGiven() throws Exception {
    var failure = new IOException("of the task");
    var broken = new IllegalStateException("of the handler");
    try (var group =
        TaskGroup.open(Context.background())
            .onFailure(
                e -> {
                  throw broken;
                })) {
      group.fork(
          () -> {
            throw failure;
          });
      assertThatThrownBy(group::join)
          .hasCause(failure)
          .satisfies(e -> assertThat(e.getSuppressed()[1]).hasCause(broken));
    }
  }

  @Test
  void interruptsOfACancelledGroupAreNoFailures() throws Exception {
    List<Throwable> told = Collections.synchronizedList(new ArrayList<>());
    try (var group = TaskGroup.open(Context.background()).onFailure(told::add)) {
      group.fork(gate::receive);
      group.cancel(SHARED);
      assertThatThrownBy(group::join).isInstanceOf(CancellationException.class).hasCause(SHARED);
    }
    assertThat(told).isEmpty();
  }
}
