package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a loop as what a process is for: SIGTERM and SIGINT drain it.
 *
 * <pre>{@code
 * public static void main(String[] args) throws InterruptedException {
 *   System.exit(LoopProcess.run(loop, Duration.ofSeconds(20)));
 * }
 * }</pre>
 *
 * <p>It says each step on a line of the log: <i>closing</i> when a signal has come, then
 * <i>closed</i> when all handlers have ended and all is committed, or <i>forced</i> when the
 * deadline has passed, or another signal has come. Then handlers are interrupted, what is settled
 * is committed, and the rest comes again.
 *
 * <p>A signal that the process was started to ignore stays ignored: shells do so with SIGINT for
 * what scripts put into the background.
 */
public final class LoopProcess {

  private static final Logger LOG = LoggerFactory.getLogger(LoopProcess.class);

  /** The process's status when the loop has ended and nothing was cut short. */
  public static final int CLOSED = 0;

  /** The process's status when the loop has failed, or its end was forced. */
  public static final int FAILED = 1;

  private final Loop loop;
  private final Duration deadline;
  private final Consumer<? super String> say;
  private final CancellableContext context = Context.background().withCancel();
  private final Channel<Boolean> ended = Channel.rendezvous();
  private volatile @Nullable Throwable failure;

  private LoopProcess(Loop loop, Duration deadline, Consumer<? super String> say) {
    this.loop = Objects.requireNonNull(loop, "loop");
    this.deadline = ConsumerSettings.positive("the deadline", deadline);
    this.say = Objects.requireNonNull(say, "say");
  }

  /** Runs a loop and logs the steps; see the other form. */
  public static int run(Loop loop, Duration deadline) throws InterruptedException {
    return run(loop, deadline, LOG::info);
  }

  /**
   * Runs a loop until it ends or is told to. Blocks; does not end the process, which is for {@link
   * System#exit}. While it runs the signals do nothing else.
   *
   * @param deadline from the signal until the loop must have ended, its commit included; forced, it
   *     may take {@code closeTimeout} longer. Should be shorter than whoever sends the signal waits
   *     before it kills
   * @param say gets the steps; is called by the thread that calls this
   * @return the status that the process should end with: {@link #CLOSED} or {@link #FAILED}
   * @throws InterruptedException if the thread is interrupted; the loop is cancelled then
   * @throws IllegalStateException if this JVM lets nobody handle signals (such as with {@code
   *     -Xrs})
   */
  public static int run(Loop loop, Duration deadline, Consumer<? super String> say)
      throws InterruptedException {
    var process = new LoopProcess(loop, deadline, say);
    try (var signals = Signals.catching("TERM", "INT");
        process.context) {
      return process.run(signals.received());
    }
  }

  private int run(ReceiveChannel<String> signals) throws InterruptedException {
    // Threads of the platform: handlers may keep all carriers of virtual threads busy.
    Thread.ofPlatform().daemon().name("millrace-loop").start(this::runLoop);
    String signal =
        new Select<String>()
            .onReceive(signals, one -> one)
            .onReceive(ended, one -> "", () -> "")
            .select();
    if (signal.isEmpty()) {
      return closed();
    }
    say.accept(
        "closing: SIG%s has come, handlers have %d ms".formatted(signal, deadline.toMillis()));
    Thread.ofPlatform().daemon().name("millrace-drain").start(this::drain);
    String reason =
        new Select<String>()
            .onReceive(ended, one -> "", () -> "")
            .onReceive(signals, one -> "another signal has come, SIG" + one)
            .onTimeout(deadline, () -> "the deadline has passed")
            .biased()
            .select();
    return reason.isEmpty() ? closed() : forced(reason);
  }

  private void runLoop() {
    try {
      loop.run(context);
    } catch (ExecutionException e) {
      failure = e.getCause();
    } catch (CancellationException e) {
      LOG.debug("the loop was cancelled");
    } catch (Throwable e) {
      failure = e;
    } finally {
      ended.close();
    }
  }

  /** Without a deadline of its own, so that there is only one. */
  private void drain() {
    try {
      loop.drain(deadline.plus(loop.closeTimeout()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does that
    }
  }

  private int closed() {
    Throwable cause = failure;
    if (cause != null) {
      LOG.error("the loop has failed", cause);
      say.accept("failed: " + cause);
      return FAILED;
    }
    say.accept("closed");
    return CLOSED;
  }

  private int forced(String reason) throws InterruptedException {
    context.cancel();
    boolean hasEnded =
        new Select<Boolean>()
            .onReceive(ended, one -> true, () -> true)
            .onTimeout(loop.closeTimeout(), () -> false)
            .select();
    say.accept(
        "forced: %s, handlers %s; their records come again"
            .formatted(
                reason,
                hasEnded && stuck().isEmpty() ? "were interrupted" : "ignore their interrupt"));
    stuck().forEach(say);
    return FAILED;
  }

  /** The handlers that go on, for people. */
  private List<String> stuck() {
    return loop.status().recent().stream()
        .flatMap(event -> event instanceof LoopEvent.Failed failed ? Stream.of(failed) : null)
        .filter(failed -> failed.failure() instanceof StuckHandlerException)
        .map(LoopEvent::text)
        .toList();
  }
}
