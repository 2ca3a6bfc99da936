package dev.millrace.service;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a service as the main function of a process: SIGTERM and SIGINT stop it.
 *
 * <pre>{@code
 * public static void main(String[] args) throws InterruptedException {
 *   System.exit(ServiceProcess.run(services, Duration.ofSeconds(20)).status());
 * }
 * }</pre>
 *
 * <p>The process reports each step in a line: <i>closing</i> when a signal has come, then
 * <i>closed</i> when the service has returned. It reports <i>forced</i> if the deadline passes, or
 * another signal comes, before the service has returned. Then the thread of the service is
 * interrupted, and has one more second.
 *
 * <p>If the process was started with a signal ignored, the signal stays ignored; see {@link
 * ProcessSignals}.
 */
public final class ServiceProcess {

  /** The time that an interrupted service has, before {@code run} returns without it. */
  private static final Duration AFTER_INTERRUPT = Duration.ofSeconds(1);

  private final Service service;
  private final Duration deadline;
  private final Consumer<? super String> say;
  private final CancellableContext context = Context.background().withCancel();
  private final Channel<Void> ended = Channel.rendezvous();
  private volatile @Nullable Throwable failure;

  private ServiceProcess(Service service, Duration deadline, Consumer<? super String> say) {
    this.service = Objects.requireNonNull(service, "service");
    this.say = Objects.requireNonNull(say, "say");
    if (deadline.isNegative()) {
      throw new IllegalArgumentException("the deadline must not be negative, but is " + deadline);
    }
    this.deadline = deadline;
  }

  /** Like {@link #run(Service, Duration, Consumer)}; prints the steps to {@link System#err}. */
  public static ProcessEnd run(Service service, Duration deadline) throws InterruptedException {
    return run(service, deadline, System.err::println);
  }

  /**
   * Runs a service until it ends by itself, or by a signal. Blocks. It does not end the process;
   * call {@link System#exit} for that. While it runs, SIGTERM and SIGINT have no other effect. The
   * service runs in a platform thread, so that virtual threads that compute do not delay its stop.
   *
   * @param deadline the time between the signal and the return of the service. It should be shorter
   *     than the time after which the sender of the signal kills the process (Kubernetes: 30
   *     seconds)
   * @param say receives the lines, in the calling thread
   * @throws InterruptedException if the thread is interrupted; then the service is cancelled and
   *     interrupted, and this method does not wait for it
   * @throws IllegalArgumentException if the deadline is negative, or if the JVM uses the signals
   *     itself, because of {@code -Xrs}
   * @throws IllegalStateException if this JVM does not allow handlers for signals
   */
  public static ProcessEnd run(Service service, Duration deadline, Consumer<? super String> say)
      throws InterruptedException {
    var process = new ServiceProcess(service, deadline, say);
    try (var signals = ProcessSignals.catching("TERM", "INT")) {
      return process.run(signals.received());
    }
  }

  private ProcessEnd run(ReceiveChannel<String> signals) throws InterruptedException {
    Thread thread =
        Thread.ofPlatform().daemon().name("millrace-service-process").start(this::serve);
    boolean waited = false;
    try {
      ProcessEnd end = await(signals, thread);
      waited = true;
      return end;
    } finally {
      context.cancel();
      if (!waited) {
        thread.interrupt();
      }
    }
  }

  private void serve() {
    try {
      context.call(
          () -> {
            service.run(context);
            return true;
          });
    } catch (Throwable e) {
      failure = obeys(context, e) ? null : e;
    } finally {
      ended.close();
    }
  }

  /** Whether a service that has thrown this has done so because its context was cancelled. */
  static boolean obeys(Context context, Throwable thrown) {
    return context.isCancelled()
        && switch (thrown) {
          case InterruptedException e -> true;
          case CancellationException e -> true;
          // A generator closes its channel with the cause of its context.
          case ChannelClosedException e -> e.getCause() == context.cause();
          default -> false;
        };
  }

  private ProcessEnd await(ReceiveChannel<String> signals, Thread thread)
      throws InterruptedException {
    String signal =
        new Select<String>()
            .onReceive(ended, never -> "", () -> "")
            .onReceive(signals, one -> one)
            .biased()
            .select();
    if (signal.isEmpty()) {
      return regular(ProcessEnd.Kind.ENDED, null);
    }
    say.accept(
        "closing: SIG%s has come, the service has %d ms".formatted(signal, deadline.toMillis()));
    context.cancel(new CancellationException("SIG" + signal + " has come"));
    String reason =
        new Select<String>()
            .onReceive(ended, never -> "", () -> "")
            .onReceive(signals, another -> "another signal has come, SIG" + another)
            .onTimeout(deadline, () -> "the deadline has passed")
            .biased()
            .select();
    return reason.isEmpty()
        ? regular(ProcessEnd.Kind.CLOSED, signal)
        : forced(reason, signal, thread);
  }

  private ProcessEnd regular(ProcessEnd.Kind kind, @Nullable String signal) {
    Throwable cause = failure;
    if (cause != null) {
      say.accept("failed: " + cause);
      return new ProcessEnd(ProcessEnd.Kind.FAILED, signal, cause);
    }
    say.accept(signal == null ? "ended" : "closed");
    return new ProcessEnd(kind, signal, null);
  }

  private ProcessEnd forced(String reason, String signal, Thread thread)
      throws InterruptedException {
    thread.interrupt();
    boolean hasEnded =
        new Select<Boolean>()
            .onReceive(ended, never -> true, () -> true)
            .onTimeout(AFTER_INTERRUPT, () -> false)
            .select();
    say.accept(
        "forced: %s, the service %s"
            .formatted(reason, hasEnded ? "was interrupted" : "ignores its interrupt"));
    return new ProcessEnd(ProcessEnd.Kind.FORCED, signal, failure);
  }
}
