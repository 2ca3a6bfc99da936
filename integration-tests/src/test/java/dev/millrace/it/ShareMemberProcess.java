package dev.millrace.it;

import dev.millrace.context.Context;
import dev.millrace.kafka.share.ShareLoop;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A member of a share group in a process of its own, whose handlers never return. */
final class ShareMemberProcess implements AutoCloseable {

  private final Process process;
  private final BufferedReader output;

  private ShareMemberProcess(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  static ShareMemberProcess start(Map<String, Object> properties, String topic) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            ShareMemberProcess.class.getName(),
            topic));
    properties.forEach((name, value) -> command.add(name + "=" + value));
    return new ShareMemberProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start());
  }

  /** Waits until this number of handlers have begun. */
  void awaitHeld(int records) throws IOException {
    int held = 0;
    while (held < records) {
      String line = output.readLine();
      if (line == null) {
        throw new IOException("the member has ended");
      }
      held += line.equals("held") ? 1 : 0;
    }
  }

  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** {@code args}: the topic, and Kafka's properties as {@code name=value}. */
  public static void main(String[] args) throws Exception {
    Thread.ofPlatform().daemon().start(ShareMemberProcess::haltWithParent);
    Map<String, Object> properties = new HashMap<>();
    for (int i = 1; i < args.length; i++) {
      String[] parts = args[i].split("=", 2);
      properties.put(parts[0], parts[1]);
    }
    ShareLoop.<String, String>builder()
        .properties(properties)
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(args[0])
        .concurrency(100)
        .handler(
            record -> {
              System.out.println("held");
              new CountDownLatch(1).await(); // until the process is killed
            })
        .build()
        .run(Context.background());
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
