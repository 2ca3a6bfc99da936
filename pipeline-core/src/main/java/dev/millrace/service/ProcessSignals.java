package dev.millrace.service;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The signals of this process as a channel, until it is closed: Go's {@code signal.Notify} and
 * {@code signal.Stop}.
 *
 * <pre>{@code
 * try (var signals = ProcessSignals.catching("HUP")) {
 *   for (String signal : signals.received()) {
 *     reload();
 *   }
 * }
 * }</pre>
 *
 * <p>While a signal is caught it does nothing else: SIGTERM does not end the process. A signal that
 * the process was started to ignore stays ignored; shells do so with SIGINT for commands of a
 * script in the background. The channel keeps the last 8 signals, so that the thread of the JVM
 * that delivers them never waits.
 *
 * <p>Thread-safe. Nothing here blocks, except a receive.
 *
 * <p>It uses {@code sun.misc.Signal} of the module {@code jdk.unsupported} by reflection, because
 * Java has no supported API for signals. A shutdown hook is supported, but then the status of the
 * process is 128 plus the number of the signal, unless the hook halts the process and the hooks of
 * others with it.
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
   * Catches signals.
   *
   * @param names without the prefix, such as {@code "TERM"}, {@code "INT"}, {@code "HUP"}
   * @throws IllegalArgumentException if there is no such signal, or the JVM uses it itself; then
   *     none of the signals is caught
   * @throws IllegalStateException if this JVM lets nobody handle signals, such as with {@code
   *     -Xrs}, or without the module {@code jdk.unsupported}
   */
  public static ProcessSignals catching(String... names) {
    ProcessSignals signals;
    try {
      signals = new ProcessSignals();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this JVM does not let us handle signals: it needs the module jdk.unsupported", e);
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

  /** Gives the signals back to the handlers that they had before. */
  @Override
  public synchronized void close() {
    while (!restore.isEmpty()) {
      restore.pop().run();
    }
    received.close();
  }
}
