package dev.millrace.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ContextTest {

  private static final Context.Key<String> USER = Context.Key.of("user");
  private static final Context.Key<String> OTHER = Context.Key.of("user");

  @Test
  void backgroundIsNeverDone() {
    Context background = Context.background();
    assertThat(background.isCancelled()).isFalse();
    assertThat(background.done()).isSameAs(Channel.never());
    assertThat(background.deadline()).isNull();
    assertThat(background.cause()).isNull();
    assertThat(background.value(USER)).isNull();
    assertThat(background.afterFunc(() -> {}).stop()).isTrue();
  }

  @Test
  void childrenEndWithTheirParentAndNeverTheReverse() throws Exception {
    try (var parent = Context.background().withCancel();
        var child = parent.withCancel();
        var sibling = parent.withCancel()) {
      child.cancel();
      assertThat(child.isCancelled()).isTrue();
      assertThat(parent.isCancelled() || sibling.isCancelled()).isFalse();
      var cause = new IOException("why");
      parent.cancel(cause);
      parent.cancel(new IOException("too late"));
      assertThat(sibling.cause()).isSameAs(cause);
      assertThat(child.cause()).isInstanceOf(CancellationException.class);
      assertThat(sibling.done().receiveOrNull()).isNull();
      assertThat(parent.withCancel().cause()).isSameAs(cause);
      assertThatThrownBy(sibling::throwIfCancelled)
          .isInstanceOf(CancellationException.class)
          .hasCause(cause);
    }
  }

  @Test
  void treesOfAnyDepthAreCancelled() {
    try (var root = Context.background().withCancel()) {
      Context context = root;
      List<Context> all = new ArrayList<>();
      for (int i = 0; i < 100_000; i++) {
        context = i % 3 == 0 ? context.withValue(USER, "u" + i) : context.withCancel();
        all.add(context);
      }
      root.cancel();
      assertThat(all).allMatch(Context::isCancelled);
    }
  }

  @Test
  void theEarlierDeadlineWins() {
    Instant soon = Instant.now().plusSeconds(100);
    try (var parent = Context.background().withDeadline(soon);
        var later = parent.withTimeout(Duration.ofDays(9));
        var earlier = parent.withTimeout(Duration.ofSeconds(1));
        var longest = Context.background().withTimeout(Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThat(later.deadline()).isEqualTo(soon);
      assertThat(earlier.deadline()).isBefore(soon);
      assertThat(longest.isCancelled()).isFalse();
    }
  }

  @Test
  void passedDeadlineCancelsWithItsOwnCause() throws Exception {
    try (var context = Context.background().withTimeout(Duration.ofMillis(20));
        var past = Context.background().withDeadline(Instant.EPOCH)) {
      assertThat(past.cause()).isInstanceOf(DeadlineExceededException.class);
      assertThat(context.done().receiveOrNull()).isNull();
      assertThat(context.cause()).isInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void valuesAreFoundByTheIdentityOfTheirKeyAndHidden() {
    Context a = Context.background().withValue(USER, "a");
    Context b = a.withCancel().withValue(USER, "b");
    assertThat(a.value(USER)).isEqualTo("a");
    assertThat(b.value(USER)).isEqualTo("b");
    assertThat(b.value(OTHER)).isNull();
    assertThat(b.toString()).doesNotContain("\"b\"");
  }

  @Test
  void withoutCancelKeepsValuesOnly() {
    try (var parent = Context.background().withValue(USER, "a").withTimeout(Duration.ofDays(1))) {
      Context detached = parent.withoutCancel();
      parent.cancel();
      assertThat(detached.isCancelled()).isFalse();
      assertThat(detached.deadline()).isNull();
      assertThat(detached.value(USER)).isEqualTo("a");
    }
  }

  @Test
  void afterFuncRunsOnceUnlessItIsStoppedBefore() throws Exception {
    try (var context = Context.background().withCancel()) {
      var ran = new CountDownLatch(2);
      var stopped = new AtomicInteger();
      var running = context.afterFunc(ran::countDown);
      var registration = context.afterFunc(stopped::incrementAndGet);
      assertThat(registration.stop()).isTrue();
      assertThat(registration.stop()).isFalse();
      context.cancel();
      context.afterFunc(ran::countDown);
      assertThat(ran.await(50, TimeUnit.SECONDS)).isTrue();
      assertThat(running.stop()).isFalse();
      assertThat(stopped).hasValue(0);
    }
  }

  /** A virtual thread costs its starter about 500 bytes, and more time than this test measures. */
  @Test
  void cancelStartsNoThreadForEachAfterFunc() throws Exception {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int count = 100_000;
    try (var context = Context.background().withCancel()) {
      var ran = new CountDownLatch(count);
      for (int i = 0; i < count; i++) {
        context.afterFunc(ran::countDown);
      }
      long before = threads.getCurrentThreadAllocatedBytes();
      context.cancel();
      assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(count);
      assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void currentIsTheInnermostContext() throws Exception {
    Context outer = Context.background().withValue(USER, "outer");
    Context inner = outer.withValue(USER, "inner");
    assertThat(Context.current()).isSameAs(Context.background());
    String seen =
        outer.call(
            () -> {
              inner.run(() -> assertThat(Context.current()).isSameAs(inner));
              return Context.current().value(USER);
            });
    assertThat(seen).isEqualTo("outer");
  }

  @Test
  void cancelledChildrenOfALongLivedParentAreForgotten() {
    try (var parent = Context.background().withCancel()) {
      long before = usedMemory();
      for (int i = 0; i < 1_000_000; i++) {
        try (var child = parent.withTimeout(Duration.ofHours(1))) {
          child.afterFunc(() -> {}).stop();
        }
      }
      await().until(() -> usedMemory() - before < 20_000_000);
      assertThat(parent.isCancelled()).isFalse();
    }
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void concurrentCancelsAgreeOnOneCause() throws Exception {
    for (int round = 0; round < 2000; round++) {
      try (var context = Context.background().withCancel()) {
        var child = context.withCancel();
        var a = new IOException("a");
        var b = new IOException("b");
        Thread other = Thread.ofVirtual().start(() -> context.cancel(a));
        child.cancel(b);
        context.cancel(b);
        other.join();
        assertThat(context.cause()).isIn(a, b);
        assertThat(child.cause()).isIn(a, b);
        assertThat(context.done().isClosed()).isTrue();
      }
    }
  }

  @Test
  void treeThatIsThirtyDeepIsCancelledFromEveryDepthDownwardsOnly() {
    int depth = 30;
    for (int from = 0; from < depth; from++) {
      List<CancellableContext> trunk = new ArrayList<>();
      List<Context> leaves = new ArrayList<>();
      Context context = Context.background();
      for (int i = 0; i < depth; i++) {
        CancellableContext next =
            i % 2 == 0 ? context.withCancel() : context.withTimeout(Duration.ofHours(1));
        trunk.add(next);
        leaves.add(next.withCancel());
        leaves.add(next.withValue(USER, "u").withCancel());
        leaves.add(next.withoutCancel().withCancel());
        context = next;
      }
      var cause = new IOException("from " + from);
      trunk.get(from).cancel(cause);
      for (int i = 0; i < depth; i++) {
        assertThat(trunk.get(i).cause()).isSameAs(i < from ? null : cause);
        assertThat(trunk.get(i).done().isClosed()).isEqualTo(i >= from);
        assertThat(leaves.get(3 * i).cause()).isSameAs(i < from ? null : cause);
        assertThat(leaves.get(3 * i + 1).cause()).isSameAs(i < from ? null : cause);
        assertThat(leaves.get(3 * i + 2).cause()).isNull();
      }
      trunk.getFirst().cancel();
    }
  }

  /** Every listener and waiter already sees the cause, on every level. */
  @Test
  void causeIsVisibleToWhoeverSeesTheDoneChannelClosed() throws Exception {
    for (int round = 0; round < 1000; round++) {
      try (var root = Context.background().withCancel()) {
        var child = root.withCancel().withValue(USER, "u").withCancel();
        Thread canceller = Thread.ofVirtual().start(() -> root.cancel(new IOException("why")));
        child.done().receiveOrNull();
        assertThat(child.cause()).hasMessage("why");
        assertThat(child.isCancelled()).isTrue();
        canceller.join();
      }
    }
  }

  @Test
  void listenersOfALongLivedParentAreCountedDownWhateverEndsThem() {
    try (var parent = (CancelContext) Context.background().withCancel()) {
      for (int i = 0; i < 100; i++) {
        parent.withCancel().cancel();
        parent.withDeadline(Instant.EPOCH).isCancelled();
        parent.withValue(USER, "u").withTimeout(Duration.ofNanos(-1)).isCancelled();
        parent.afterFunc(() -> {}).stop();
      }
      assertThat(parent.listeners()).isZero();
      var kept = parent.withCancel();
      assertThat(parent.listeners()).isEqualTo(1);
      parent.cancel();
      assertThat(parent.listeners()).isZero();
      assertThat(kept.isCancelled()).isTrue();
    }
  }

  /** Either stop says that it came first, and the function never runs; or it runs, once. */
  @Test
  void stopAndCancelAgreeOnWhetherAnAfterFuncRuns() throws Exception {
    for (int round = 0; round < 3000; round++) {
      try (var context = Context.background().withCancel()) {
        var ran = new AtomicInteger();
        var registration = context.afterFunc(ran::incrementAndGet);
        Thread canceller = Thread.ofVirtual().start(context::cancel);
        for (int spin = 0; spin < round % 200; spin++) {
          Thread.onSpinWait();
        }
        boolean calledOff = registration.stop();
        canceller.join();
        if (calledOff) {
          assertThat(ran).hasValue(0);
        } else {
          await().pollInterval(Duration.ofMillis(1)).until(() -> ran.get() == 1);
        }
        assertThat(registration.stop()).isFalse();
        assertThat(ran).hasValue(calledOff ? 0 : 1);
      }
    }
  }

  @Test
  void afterFuncsDoNotWaitForEachOther() throws Exception {
    try (var context = Context.background().withCancel()) {
      var first = new CountDownLatch(1);
      var both = new CountDownLatch(2);
      for (int i = 0; i < 2; i++) {
        context.afterFunc(
            () -> {
              both.countDown();
              awaitUninterrupted(first);
            });
      }
      context.cancel();
      assertThat(both.await(50, TimeUnit.SECONDS)).isTrue();
      first.countDown();
    }
  }

  @Test
  void busyCommonPoolDoesNotMakeDeadlinesLate() throws Exception {
    var release = new CountDownLatch(1);
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      for (int i = 0; i < 100; i++) {
        ForkJoinPool.commonPool().execute(() -> awaitUninterrupted(release));
      }
      await().atMost(Duration.ofSeconds(10)).until(context::isCancelled);
    } finally {
      release.countDown();
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
