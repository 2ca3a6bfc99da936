package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The process's signals as a channel, until it is closed.
 *
 * <p>By reflection, because the only API for signals is not a supported one. A shutdown hook would
 * be, but then the status of the process is 128 and the signal's number, unless it is halted, and
 * the hooks of others with it.
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
                  default -> "Millrace's handler of signals";
                });
  }

  /** Handles these signals, which do nothing else until this is closed. */
  static Signals catching(String... names) {
    try {
      var signals = new Signals();
      for (String name : names) {
        signals.add(name);
      }
      return signals;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this JVM does not let us handle signals: it needs the module jdk.unsupported, and no"
              + " -Xrs",
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
            throw new IllegalStateException("SIG" + name + " can not be given back", e);
          }
        });
  }

  /** The names of the signals that have come, such as {@code TERM}. */
  ReceiveChannel<String> received() {
    return received;
  }

  /** The signals do again what they did before. */
  @Override
  public void close() {
    restore.forEach(Runnable::run);
    received.close();
  }
}
