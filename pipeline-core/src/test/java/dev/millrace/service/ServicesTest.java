package dev.millrace.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.SendChannel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.sync.Generator;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Services live together, and stop in order. */
@Timeout(60)
class ServicesTest {

  private final Threads threads = new Threads();
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final List<Thread> serving = new CopyOnWriteArrayList<>();
  private final CountDownLatch stubborn = new CountDownLatch(1);

  @AfterEach
  void noThreadIsLeft() throws Exception {
    stubborn.countDown();
    threads.close();
    for (Thread thread : serving) {
      assertThat(thread.join(Duration.ofSeconds(50))).as("%s ends", thread).isTrue();
    }
  }

  /** Runs until it is to stop, and says so in its deferred work. */
  private Service server(String name) {
    return context -> {
      serving.add(Thread.currentThread());
      log.add(name + " up");
      try {
        context.done().receiveOrNull();
      } finally {
        log.add(name + " down");
      }
    };
  }

  /** Ends or fails when it is let go. */
  private Service ending(CountDownLatch go, @Nullable Exception failure) {
    return context -> {
      serving.add(Thread.currentThread());
      log.add("ending up");
      go.await();
      if (failure != null) {
        throw failure;
      }
    };
  }

  private void awaitLog(String... lines) {
    await().until(() -> log.containsAll(List.of(lines)));
  }

  @Test
  void failureOfOneStopsAllInReverseOrder() throws Exception {
    var go = new CountDownLatch(1);
    var failure = new IOException("port in use");
    var services =
        Services.builder()
            .add("a", server("a"))
            .add("b", ending(go, failure))
            .add("c", server("c"))
            .build();
    var run =
        threads.start(
            () -> {
              services.run(Context.background());
              return null;
            });
    awaitLog("a up", "c up", "ending up");
    go.countDown();
    assertThatThrownBy(run::get)
        .cause()
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("service 'b' failed")
        .hasCause(failure);
    assertThat(log).endsWith("c down", "a down");
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void endOfOneStopsAllAndIsNoFailure() throws Exception {
    var go = new CountDownLatch(1);
    var services = Services.builder().add("a", server("a")).add("b", ending(go, null)).build();
    var run =
        threads.start(
            () -> {
              services.run(Context.background());
              return "ended";
            });
    awaitLog("a up");
    go.countDown();
    assertThat(run.get()).isEqualTo("ended");
    assertThat(log).endsWith("a down");
  }

  @Test
  void cancelledContextStopsAllInOrderAndIsNoFailure() throws Exception {
    var slow = new CountDownLatch(1);
    var services =
        Services.builder()
            .add("a", server("a"))
            .add(
                "b",
                context -> {
                  serving.add(Thread.currentThread());
                  log.add("b up");
                  context.done().receiveOrNull();
                  slow.await(); // needs a to drain
                  log.add("b down");
                  context.throwIfCancelled(); // obeys by an exception: that is no failure
                })
            .build();
    try (var context = Context.background().withCancel()) {
      var run =
          threads.start(
              () -> {
                services.run(context);
                return "stopped";
              });
      awaitLog("a up", "b up");
      context.cancel();
      assertThat(log).doesNotContain("a down"); // b is not down yet
      slow.countDown();
      assertThat(run.get()).isEqualTo("stopped");
    }
    assertThat(log).endsWith("b down", "a down");
  }

  @Test
  void generatorThatEndsWithTheContextIsNoFailure() throws Exception {
    Service reader =
        context -> {
          serving.add(Thread.currentThread());
          try (var ones = Generator.<Integer>open(context, ServicesTest::sendForEver)) {
            for (int _ : ones) {
              log.add("read");
              context.done().receiveOrNull();
            }
          }
        };
    try (var context = Context.background().withCancel()) {
      var end = threads.start(() -> run(Services.builder().add("reader", reader).build(), context));
      awaitLog("read");
      context.cancel();
      end.get();
    }
  }

  private static boolean run(Services services, Context context) throws Exception {
    services.run(context);
    return true;
  }

  private static void sendForEver(SendChannel<? super Integer> out) throws Exception {
    while (true) {
      out.send(1);
    }
  }

  @Test
  void onlyTheEndOfTheContextCountsAsAReturn() {
    var other = new IOException("disk full");
    try (var context = Context.background().withCancel()) {
      assertThat(ServiceProcess.obeys(context, new CancellationException())).isFalse();
      context.cancel();
      assertThat(ServiceProcess.obeys(context, new CancellationException())).isTrue();
      assertThat(ServiceProcess.obeys(context, new InterruptedException())).isTrue();
      assertThat(ServiceProcess.obeys(context, closed(context.cause()))).isTrue();
      assertThat(ServiceProcess.obeys(context, closed(other))).isFalse();
      assertThat(ServiceProcess.obeys(context, other)).isFalse();
    }
  }

  private static Throwable closed(@Nullable Throwable cause) {
    return new ChannelClosedException("receive on a closed channel", cause);
  }

  @Test
  void serviceSeesTheValuesOfTheContextAsItsCurrentOne() throws Exception {
    Context.Key<String> key = Context.Key.of("region");
    Services.builder()
        .add("a", context -> log.add(context.value(key) + Context.current().value(key)))
        .build()
        .run(Context.background().withValue(key, "eu"));
    assertThat(log).containsExactly("eueu");
  }

  @Test
  void serviceThatOutlastsTheStopIsInterrupted() throws Exception {
    var services =
        Services.builder()
            .add("a", server("a"))
            .add(
                "b",
                context -> {
                  serving.add(Thread.currentThread());
                  log.add("b up");
                  new CountDownLatch(1).await(); // does not look at its context
                })
            .stopWithin(Duration.ofMillis(20))
            .build();
    try (var context = Context.background().withCancel()) {
      var run =
          threads.start(
              () -> {
                services.run(context);
                return "stopped";
              });
      awaitLog("a up", "b up");
      context.cancel();
      assertThat(run.get()).isEqualTo("stopped");
    }
    assertThat(log).contains("a down");
  }

  @Test
  void serviceThatIgnoresItsInterruptIsLeftBehindAndNamed() throws Exception {
    List<ServiceEvent> events = new CopyOnWriteArrayList<>();
    var services =
        Services.builder()
            .add("a", server("a"))
            .add(
                "b",
                context -> {
                  serving.add(Thread.currentThread());
                  log.add("b up");
                  while (stubborn.getCount() > 0) {
                    try {
                      stubborn.await();
                    } catch (InterruptedException e) {
                      // Ignored: this is the point.
                    }
                  }
                })
            .stopWithin(Duration.ofMillis(20))
            .leaveAfter(Duration.ofMillis(500))
            .onEvent(events::add)
            .build();
    try (var context = Context.background().withCancel()) {
      var run =
          threads.start(
              () -> {
                services.run(context);
                return null;
              });
      awaitLog("a up", "b up");
      context.cancel();
      assertThatThrownBy(run::get)
          .cause()
          .hasMessageContaining("'b'")
          .cause()
          .isInstanceOf(TimeoutException.class)
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1)); // where it stands
    }
    assertThat(log).contains("a down");
    assertThat(events).contains(new ServiceEvent.LeftBehind("b"), new ServiceEvent.Stopped("a"));
    assertThat(events.getLast().toString()).isNotEmpty();
  }

  @Test
  void failuresWhileStoppingAreSuppressedInTheFirst() throws Exception {
    var go = new CountDownLatch(1);
    var first = new IOException("first");
    var second = new IllegalStateException("while closing");
    var services =
        Services.builder()
            .add(
                "a",
                context -> {
                  serving.add(Thread.currentThread());
                  log.add("a up");
                  context.done().receiveOrNull();
                  throw second;
                })
            .add("b", ending(go, first))
            .build();
    var run =
        threads.start(
            () -> {
              services.run(Context.background());
              return null;
            });
    awaitLog("a up");
    go.countDown();
    assertThatThrownBy(run::get)
        .cause()
        .hasCause(first)
        .satisfies(
            e -> {
              assertThat(e.getSuppressed()).hasSize(1);
              assertThat(e.getSuppressed()[0].getCause()).isSameAs(second);
              assertThat(e.getSuppressed()[0].getSuppressed()[0])
                  .hasMessageContaining("service 'a'");
            });
  }

  @Test
  void failedServiceIsStartedAgainAfterItsBackoff() throws Exception {
    var starts = new AtomicInteger();
    List<String> events = new CopyOnWriteArrayList<>();
    var services =
        Services.builder()
            .add(
                "a",
                context -> {
                  if (starts.incrementAndGet() < 3) {
                    Thread.currentThread().interrupt(); // must not reach the next run
                    throw new IOException("start " + starts);
                  }
                  assertThat(Thread.currentThread().isInterrupted()).isFalse();
                },
                RestartPolicy.onFailure(
                    Backoff.linear(Duration.ofMillis(1), Duration.ofSeconds(1)),
                    5,
                    Duration.ofMinutes(1)))
            .onEvent(event -> events.add(event.toString()))
            .build();
    services.run(Context.background());
    assertThat(events)
        .containsExactly(
            "service 'a' started",
            "service 'a' failed, and is started again in 1 ms: java.io.IOException: start 1",
            "service 'a' started again, restart 1",
            "service 'a' failed, and is started again in 2 ms: java.io.IOException: start 2",
            "service 'a' started again, restart 2",
            "service 'a' ended");
  }

  @Test
  void tooManyRestartsInThePeriodStopAll() throws Exception {
    var starts = new AtomicInteger();
    var services =
        Services.builder()
            .add("a", server("a"))
            .add(
                "b",
                context -> {
                  throw new IOException("start " + starts.incrementAndGet());
                },
                RestartPolicy.onFailure(Backoff.none(), 3, Duration.ofMinutes(1)))
            .build();
    assertThatThrownBy(() -> services.run(Context.background())).hasRootCauseMessage("start 4");
    assertThat(starts).hasValue(4);
    assertThat(log).endsWith("a down");
  }

  @Test
  void restartsThatAreLongAgoDoNotCount() throws Exception {
    var starts = new AtomicInteger();
    var services =
        Services.builder()
            .add(
                "a",
                context -> {
                  if (starts.incrementAndGet() < 20) {
                    throw new IOException("start " + starts);
                  }
                },
                RestartPolicy.onFailure(
                    Backoff.fixed(Duration.ofMillis(3)), 1, Duration.ofMillis(1)))
            .build();
    services.run(Context.background());
    assertThat(starts).hasValue(20);
  }

  @Test
  void errorIsNotStartedAgain() {
    var starts = new AtomicInteger();
    var services =
        Services.builder()
            .add(
                "a",
                context -> {
                  starts.incrementAndGet();
                  throw new LinkageError("planted");
                },
                RestartPolicy.onFailure(Backoff.none(), 5, Duration.ofMinutes(1)))
            .build();
    assertThatThrownBy(() -> services.run(Context.background()))
        .hasCauseInstanceOf(LinkageError.class);
    assertThat(starts).hasValue(1);
  }

  @Test
  void stopDuringTheBackoffIsPromptAndNoFailure() throws Exception {
    Channel<Boolean> failed = Channel.buffered(1);
    var services =
        Services.builder()
            .add(
                "a",
                context -> {
                  throw new IOException("planted");
                },
                RestartPolicy.onFailure(
                    Backoff.fixed(Duration.ofHours(1)), 5, Duration.ofMinutes(1)))
            .onEvent(
                event -> {
                  if (event instanceof ServiceEvent.Failed) {
                    failed.trySend(true);
                  }
                })
            .build();
    try (var context = Context.background().withCancel()) {
      var run =
          threads.start(
              () -> {
                services.run(context);
                return "stopped";
              });
      assertThat(failed.receive()).isTrue();
      context.cancel();
      assertThat(run.get()).isEqualTo("stopped");
    }
  }

  @Test
  void interruptStopsAllAndIsThrown() throws Exception {
    var services = Services.builder().add("a", server("a")).add("b", server("b")).build();
    var run =
        threads.start(
            () -> {
              services.run(Context.background());
              return null;
            });
    awaitLog("a up", "b up");
    run.thread().interrupt();
    assertThatThrownBy(run::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(log).endsWith("b down", "a down");
  }

  @Test
  void handlerThatThrowsStopsNothing() throws Exception {
    Services.builder()
        .add("a", context -> log.add("ran"))
        .onEvent(
            event -> {
              throw new IllegalStateException("in the handler");
            })
        .build()
        .run(Context.background());
    assertThat(log).containsExactly("ran");
  }

  @Test
  void servicesAreAServiceOfOthers() throws Exception {
    var inner = Services.builder().add("c", server("c")).add("d", server("d")).build();
    var outer = Services.builder().add("a", server("a")).add("inner", inner).build();
    try (var context = Context.background().withCancel()) {
      var run =
          threads.start(
              () -> {
                outer.run(context);
                return "stopped";
              });
      awaitLog("a up", "c up", "d up");
      context.cancel();
      assertThat(run.get()).isEqualTo("stopped");
    }
    assertThat(log).endsWith("d down", "c down", "a down");
  }

  @Test
  void badSettingsAreRefused() {
    assertThatThrownBy(() -> Services.builder().build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Services.builder().add("a", server("a")).add("a", server("a")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Services.builder().stopWithin(Duration.ofMillis(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RestartPolicy.onFailure(Backoff.none(), -1, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RestartPolicy.onFailure(Backoff.none(), 1, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
