package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The signals of the process as a channel, until it is closed.
 *
 * <p>Uses reflection, because the only API for signals is not a supported one. A shutdown hook is a
 * supported API, but then the exit status is 128 and the signal's number. Only a halt could change
 * that status, and a halt also cuts short the hooks of other libraries.
 */
final class Signals implements AutoCloseable {

  private static final int WAITING = 8;

  private final Channel<String> received = Channel.dropOldest(WAITING);
  private final Deque<Runnable> restore = new ArrayDeque<>();
  private final Class<?> signalType;
  private final Method getName;
  private final Method handle;
  private final Object handler;

  private Signals() throws ReflectiveOperationException {
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
                  default -> "Millrace's signal handler";
                });
  }

  /**
   * Receives these signals. They have no other effect until this object is closed.
   *
   * @throws IllegalStateException if this JVM does not allow signal handlers
   */
  static Signals catching(String... names) {
    try {
      var signals = new Signals();
      for (String name : names) {
        signals.add(name);
      }
      return signals;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this JVM does not allow signal handlers: add the module jdk.unsupported, and remove"
              + " the option -Xrs",
          e);
    }
  }

  private void add(String name) throws ReflectiveOperationException {
    Object signal = signalType.getConstructor(String.class).newInstance(name);
    Object before = handle.invoke(null, signal, handler);
    restore.push(
        () -> {
          try {
            handle.invoke(null, signal, before);
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                "the previous handler of SIG" + name + " cannot be restored", e);
          }
        });
  }

  /** The names of the received signals, such as {@code TERM}. */
  ReceiveChannel<String> received() {
    return received;
  }

  /** Restores the previous handlers of the signals. */
  @Override
  public void close() {
    restore.forEach(Runnable::run);
    received.close();
  }
}
