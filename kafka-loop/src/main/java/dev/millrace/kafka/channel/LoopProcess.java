package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.service.ProcessSignals;
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
 * Runs a loop as the main task of a process: SIGTERM and SIGINT drain it.
 *
 * <pre>{@code
 * public static void main(String[] args) throws InterruptedException {
 *   System.exit(LoopProcess.run(loop, Duration.ofSeconds(20)));
 * }
 * }</pre>
 *
 * <p>Each step is a line of the log. <i>closing</i>: a signal was received. <i>closed</i>: all
 * handlers have ended, and all settled records are committed. <i>forced</i>: the deadline has
 * passed, or another signal was received. Handlers are then interrupted, settled records are
 * committed, and all other records will be redelivered. If no handler runs, the line says so, with
 * the state of the loop before. <i>failed</i>: the loop has failed.
 *
 * <p>A signal that the process was started to ignore stays ignored. For example, shells make
 * background processes of scripts ignore SIGINT.
 *
 * <p>Thread-safe. But the signals belong to the process: run one loop at a time.
 */
public final class LoopProcess {

  private static final Logger LOG = LoggerFactory.getLogger(LoopProcess.class);

  /** The exit status when the loop has ended and no handler was interrupted. */
  public static final int CLOSED = 0;

  /** The exit status when the loop has failed, or its end was forced. */
  public static final int FAILED = 1;

  private final Loop loop;
  private final Duration deadline;
  private final Consumer<? super String> say;
  private final CancellableContext context = Context.background().withCancel();
  private final Channel<Boolean> ended = Channel.rendezvous();
  private volatile @Nullable Throwable failure;

  private LoopProcess(Loop loop, Duration deadline, Consumer<? super String> say) {
    this.loop = Objects.requireNonNull(loop, "loop");
    this.deadline = Checks.positive("the deadline", deadline);
    this.say = Objects.requireNonNull(say, "say");
  }

  /** Runs a loop and logs the steps; see the other form. */
  public static int run(Loop loop, Duration deadline) throws InterruptedException {
    return run(loop, deadline, LOG::info);
  }

  /**
   * Runs a loop until it ends by itself or by a signal. Blocks. Does not end the process: pass the
   * result to {@link System#exit}. While the loop runs, the signals have no other effect.
   *
   * @param deadline the time from the signal to the end of the loop, including its commit. A forced
   *     end may take {@code closeTimeout} longer. The deadline should be shorter than the time
   *     after which the orchestrator kills the process
   * @param say receives the steps, in the calling thread
   * @return the exit status of the process: {@link #CLOSED} or {@link #FAILED}
   * @throws InterruptedException if the calling thread is interrupted; the loop is then cancelled
   * @throws IllegalArgumentException if the deadline is not positive, or if the JVM uses the
   *     signals itself, because of {@code -Xrs}
   * @throws IllegalStateException if this JVM does not allow signal handlers: see {@link
   *     ProcessSignals#catching}
   */
  public static int run(Loop loop, Duration deadline, Consumer<? super String> say)
      throws InterruptedException {
    var process = new LoopProcess(loop, deadline, say);
    try (var signals = ProcessSignals.catching("TERM", "INT");
        process.context) {
      return process.run(signals.received());
    }
  }

  private int run(ReceiveChannel<String> signals) throws InterruptedException {
    // Platform threads: handlers may keep all carriers of virtual threads busy.
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
        "closing: received SIG%s; handlers have %d ms".formatted(signal, deadline.toMillis()));
    Thread.ofPlatform().daemon().name("millrace-drain").start(this::drain);
    String reason =
        new Select<String>()
            .onReceive(ended, one -> "", () -> "")
            .onReceive(signals, one -> "received another signal, SIG" + one)
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

  /** Drains with a deadline too late to matter: the select in run() has the only deadline. */
  private void drain() {
    try {
      loop.drain(deadline.plus(loop.closeTimeout()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // no code interrupts this thread
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
    boolean handles = loop.partitions().stream().anyMatch(one -> one.inFlight() > 0);
    String before = loop.health().reason();
    context.cancel();
    boolean hasEnded =
        new Select<Boolean>()
            .onReceive(ended, one -> true, () -> true)
            .onTimeout(loop.closeTimeout(), () -> false)
            .select();
    say.accept("forced: %s, %s".formatted(reason, result(hasEnded, handles, before)));
    stuck().forEach(say);
    return FAILED;
  }

  private String result(boolean hasEnded, boolean handled, String before) {
    if (handled || !stuck().isEmpty()) {
      return "handlers %s; their records will be redelivered"
          .formatted(hasEnded && stuck().isEmpty() ? "were interrupted" : "ignore their interrupt");
    }
    return "no handler was running; %s. Before: %s"
        .formatted(
            hasEnded
                ? "the loop has ended"
                : "the loop has not ended within %d ms and is left behind"
                    .formatted(loop.closeTimeout().toMillis()),
            before);
  }

  /** The handlers that still run, for people. */
  private List<String> stuck() {
    return loop.status().recent().stream()
        .flatMap(event -> event instanceof LoopEvent.Failed failed ? Stream.of(failed) : null)
        .filter(failed -> failed.failure() instanceof StuckHandlerException)
        .map(LoopEvent::text)
        .toList();
  }
}
