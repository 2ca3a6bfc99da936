package dev.millrace.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelDebug;
import dev.millrace.channel.Select;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The debug registry names each thread that waits on a channel, if it is switched on. */
class ChannelDebugTest {

  @TempDir private Path directory;

  @Test
  void registryNamesEachWaitingThread() throws Exception {
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-D" + ChannelDebug.PROPERTY + "=true",
                "-cp",
                System.getProperty("java.class.path"),
                Sleepers.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(Files.readString(output))
                      .contains("no wait on a channel has begun or ended for 5 s."));
      List<String> lines = Files.readString(output).lines().toList();
      assertThat(lines)
          .anyMatch(
              line ->
                  line.matches(
                      "thread 'reader' waits to receive from Channel\\[orders: 0 of 3, 0 senders"
                          + " and 1 receivers wait], for .*s, at .*Sleepers.*"))
          .anyMatch(
              line ->
                  line.matches(
                      "thread 'writer' waits to send to Channel\\[full: 1 of 1, .*], for .*s, at"
                          + " .*"))
          .anyMatch(
              line ->
                  line.matches(
                      "thread #\\d+ waits to receive from Channel\\[left: .*] or send to"
                          + " Channel\\[right: .*], for .*s, at .*"))
          .noneMatch(line -> line.contains("served"));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void registryThatIsOffIsEmpty() {
    Channel<Integer> channel = Channel.buffered(1);
    Thread reader = Thread.ofVirtual().start(() -> receive(channel));
    await().until(() -> channel.waitingReceivers() == 1);
    await().until(() -> reader.getState() == Thread.State.WAITING);
    assertThat(ChannelDebug.explain()).isEmpty();
    channel.close();
  }

  private static void receive(Channel<Integer> channel) {
    try {
      var _ = channel.receiveOrNull();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The JVM with threads that wait for ever. */
  static final class Sleepers {

    private Sleepers() {}

    private interface Wait {
      void run() throws InterruptedException;
    }

    private static Thread start(Thread.Builder builder, Wait wait) {
      return builder.start(
          () -> {
            try {
              wait.run();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }

    public static void main(String[] args) throws InterruptedException {
      Channel<Integer> orders = Channel.<Integer>buffered(3).named("orders");
      Channel<Integer> full = Channel.<Integer>buffered(1).named("full");
      Channel<Integer> left = Channel.<Integer>rendezvous().named("left");
      Channel<Integer> right = Channel.<Integer>rendezvous().named("right");
      Channel<Integer> served = Channel.<Integer>rendezvous().named("served");
      Thread meets = start(Thread.ofVirtual().name("meets"), () -> served.send(1));
      int _ = served.receive();
      meets.join();
      full.send(1);
      start(Thread.ofPlatform().name("reader"), orders::receive);
      start(Thread.ofVirtual().name("writer"), () -> full.send(2));
      start(
          Thread.ofVirtual(),
          () ->
              new Select<Void>()
                  .onReceive(left, element -> null)
                  .onSend(right, 1, () -> null)
                  .biased()
                  .select());
      while (ChannelDebug.explain().lines().count() < 3) {
        Thread.onSpinWait();
      }
      System.out.print(ChannelDebug.explain());
      System.out.flush();
    }
  }
}
