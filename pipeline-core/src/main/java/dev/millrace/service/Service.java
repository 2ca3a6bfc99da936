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
 *         context.done().receiveOrNull(); // until it is to stop
 *       } finally {
 *         server.stop();
 *       }
 *     };
 * }</pre>
 *
 * <p>The caller decides whether it runs in the background; a service starts no thread that outlives
 * its {@link #run}. {@link Services} runs several of them, {@link ServiceProcess} runs one as the
 * purpose of a process.
 */
@FunctionalInterface
public interface Service {

  /**
   * Serves. Returns soon after {@code context} is cancelled, when everything that it has opened is
   * closed. A {@link java.util.concurrent.CancellationException} or an {@link InterruptedException}
   * after the cancellation counts as a return.
   *
   * @param context is also the {@linkplain Context#current() current} context
   * @throws Exception if it cannot serve, or has stopped to serve
   */
  void run(Context context) throws Exception;
}
