package dev.millrace.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
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
      assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(running.stop()).isFalse();
      assertThat(stopped).hasValue(0);
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
}
