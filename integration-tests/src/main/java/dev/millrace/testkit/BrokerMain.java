package dev.millrace.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * The main of the broker's process: formats its storage and runs the broker, until standard input
 * ends. That is when the parent has died, however it did.
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
    Kafka.main(new String[] {args[1]});
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
