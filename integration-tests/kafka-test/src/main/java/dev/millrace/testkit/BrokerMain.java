package dev.millrace.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * The main of the broker's process: formats its storage and runs the broker, until standard input
 * ends. It ends when the parent has died, however the parent died.
 */
final class BrokerMain {

  private BrokerMain() {}

  /** {@code args}: the cluster's id, and the file with the server's properties. */
  public static void main(String[] args) throws Exception {
    Thread.ofPlatform().daemon().name("parent-watch").start(BrokerMain::haltWithParent);
    String[] format = {"format", "-t", args[0], "-c", args[1], "--ignore-formatted"};
    int status =
        StorageTool.execute(
            format,
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    if (status != 0) {
      System.err.println("formatting the storage failed with status " + status);
      System.exit(status);
    }
    ignoreInterruptSignal();
    Kafka.main(new String[] {args[1]});
  }

  /**
   * A Ctrl-C goes to all processes of the terminal, but it is for the parent, which still needs the
   * broker to end its work. It uses reflection, because the only API for signals is unsupported.
   */
  private static void ignoreInterruptSignal() throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object ignore =
        Proxy.newProxyInstance(
            handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> null);
    // Kafka puts a handler of its own before this one, and calls this one last.
    signal
        .getMethod("handle", signal, handler)
        .invoke(null, signal.getConstructor(String.class).newInstance("INT"), ignore);
  }

  private static void haltWithParent() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException e) {
      System.err.println("standard input failed: " + e);
    }
    Runtime.getRuntime().halt(0);
  }
}
