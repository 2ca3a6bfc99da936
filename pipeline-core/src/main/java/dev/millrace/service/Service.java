package dev.millrace.service;

import dev.millrace.context.Context;

/**
 * A function that serves until its context is cancelled, such as a server or a consumer.
 *
 * <pre>{@code
 * Service web =
 *     context -> {
 *       var server = start();
 *       try {
 *         context.done().receiveOrNull(); // until the context is cancelled
 *       } finally {
 *         server.stop();
 *       }
 *     };
 * }</pre>
 *
 * <p>The caller decides whether the service runs in the background. A service must not start a
 * thread that outlives its {@link #run}. {@link Services} runs several services; {@link
 * ServiceProcess} runs one service as the main function of a process.
 */
@FunctionalInterface
public interface Service {

  /**
   * Serves; blocks. Returns soon after {@code context} is cancelled, after it has closed everything
   * that it has opened. A {@link java.util.concurrent.CancellationException} or an {@link
   * InterruptedException} after the cancellation counts as a return. So does a {@link
   * dev.millrace.channel.ChannelClosedException} whose cause is the cause of the cancellation, as a
   * {@code Generator} throws it.
   *
   * @param context the context to obey; it is also {@link Context#current()}
   * @throws Exception if the service cannot serve, or cannot continue
   */
  void run(Context context) throws Exception;
}
