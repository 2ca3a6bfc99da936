package dev.millrace.service;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Catches signals of this process and sends their names to a channel, until it is closed. As Go's
 * {@code signal.Notify} and {@code signal.Stop}.
 *
 * <pre>{@code
 * try (var signals = ProcessSignals.catching("HUP")) {
 *   for (String signal : signals.received()) {
 *     reload();
 *   }
 * }
 * }</pre>
 *
 * <p>A caught signal has no other effect: SIGTERM does not end the process. If the process was
 * started with a signal ignored, the signal stays ignored; a shell does this with SIGINT for
 * background commands of a script. The channel keeps the last 8 signals and drops older ones, so
 * the JVM's signal thread never waits.
 *
 * <p>Thread-safe. Only a receive from the channel blocks.
 *
 * <p>Java has no supported API for signals. So this class uses {@code sun.misc.Signal} of the
 * module {@code jdk.unsupported}, by reflection. A shutdown hook is supported, but then the exit
 * status of the process is 128 plus the number of the signal. A hook can change the status only by
 * a halt, which also cuts off all other hooks.
 */
public final class ProcessSignals implements AutoCloseable {

  private static final int WAITING = 8;

  private final Channel<String> received = Channel.dropOldest(WAITING);
  private final Deque<Runnable> restore = new ArrayDeque<>();
  private final Class<?> signalType;
  private final Method getName;
  private final Method handle;
  private final Object handler;

  private ProcessSignals() throws ReflectiveOperationException {
    signalType = Class.forName("sun.misc.Signal");
    Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
    getName = signalType.getMethod("getName");
    handle = signalType.getMethod("handle", signalType, handlerType);
    handler =
        Proxy.newProxyInstance(
            handlerType.getClassLoader(),
            new Class<?>[] {handlerType},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "handle" -> {
                    received.trySend((String) getName.invoke(arguments[0]));
                    yield null;
                  }
                  case "equals" -> proxy == arguments[0];
                  case "hashCode" -> System.identityHashCode(proxy);
                  default -> "Millrace's handler of signals";
                });
  }

  /**
   * Catches signals. Does not block.
   *
   * @param names the names of the signals without the prefix SIG, such as {@code "TERM"}, {@code
   *     "INT"}, {@code "HUP"}
   * @throws IllegalArgumentException if a signal does not exist, or the JVM uses it itself, as it
   *     does with {@code -Xrs}; then none of the signals is caught
   * @throws IllegalStateException if this JVM does not allow handlers for signals, for instance
   *     without the module {@code jdk.unsupported}
   */
  public static ProcessSignals catching(String... names) {
    ProcessSignals signals;
    try {
      signals = new ProcessSignals();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this JVM does not allow handlers for signals: add the module jdk.unsupported", e);
    }
    boolean caughtAll = false;
    try {
      for (String name : names) {
        signals.add(name);
      }
      caughtAll = true;
    } finally {
      if (!caughtAll) {
        signals.close();
      }
    }
    return signals;
  }

  private void add(String name) {
    try {
      Object signal = signalType.getConstructor(String.class).newInstance(name);
      Object before = handle.invoke(null, signal, handler);
      restore.push(() -> giveBack(signal, before));
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          "SIG%s cannot be caught: it is unknown, or the JVM uses it (see -Xrs)".formatted(name),
          e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("SIG" + name + " cannot be caught", e);
    }
  }

  private void giveBack(Object signal, Object before) {
    try {
      handle.invoke(null, signal, before);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(signal + " cannot be given back to its handler", e);
    }
  }

  /** The names of the signals that have come, such as {@code TERM}; closed by {@link #close}. */
  public ReceiveChannel<String> received() {
    return received.receiveOnly();
  }

  /** Restores the previous handlers of the signals, and closes the channel. Idempotent. */
  @Override
  public synchronized void close() {
    while (!restore.isEmpty()) {
      restore.pop().run();
    }
    received.close();
  }
}
