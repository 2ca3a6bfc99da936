package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that runs a loop, and real signals. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopProcessTest {

  private static final String HANDLING = "handling";

  /** The application: logs its steps to standard output. */
  public static final class Application {

    private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

    private Application() {}

    /** {@code args}: the behaviour of the handler, and the deadline in milliseconds. */
    public static void main(String[] args) throws InterruptedException {
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> say("hook")));
      var closing = new CountDownLatch(1);
      var loop =
          KafkaLoop.<String, String>builder()
              .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
              .deserializers(new StringDeserializer(), new StringDeserializer())
              .topics("orders")
              .closeTimeout(Duration.ofSeconds(1))
              .commitInterval(Duration.ofHours(1)) // at the end only
              .factory(properties -> args[0].equals("waits") ? silent() : broker())
              .handler(
                  record -> {
                    say(HANDLING);
                    switch (args[0]) {
                      case "ends" -> {
                        closing.await();
                        Thread.sleep(300); // the work, which an interrupt would cut short
                      }
                      case "hangs" -> new CountDownLatch(1).await();
                      case "ignores" -> hangWhatever();
                      default -> throw new IOException("the store is away");
                    }
                    say("handled");
                  })
              .build();
      int status =
          LoopProcess.run(
              loop,
              Duration.ofMillis(Long.parseLong(args[1])),
              step -> {
                say(step);
                closing.countDown();
              });
      System.exit(status);
    }

    @SuppressWarnings("InfiniteLoopStatement") // ignores its interrupt
    private static void hangWhatever() {
      while (true) {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          say("interrupted");
        }
      }
    }

    private static void say(String what) {
      System.out.println(what);
    }

    /** A broker that does not answer: the consumer needs its time to close. */
    private static MockConsumer<byte[], byte[]> silent() {
      return new MockConsumer<>("earliest") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
          say("polls");
          return super.poll(timeout);
        }

        @Override
        public void close(CloseOptions options) {
          LockSupport.parkNanos(Duration.ofSeconds(30).toNanos());
        }
      };
    }

    private static MockConsumer<byte[], byte[]> broker() {
      var mock =
          new MockConsumer<byte[], byte[]>("earliest") {
            @Override
            public synchronized void commitSync(
                Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
              offsets.forEach((name, offset) -> say("committed " + offset.offset()));
              super.commitSync(offsets, timeout);
            }
          };
      mock.schedulePollTask(
          () -> {
            mock.rebalance(List.of(PARTITION));
            mock.updateBeginningOffsets(Map.of(PARTITION, 0L));
            mock.addRecord(new ConsumerRecord<>("orders", 0, 0, new byte[0], new byte[0]));
          });
      return mock;
    }
  }

  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void noProcessIsLeft() {
    processes.forEach(Process::destroyForcibly);
  }

  private record Ended(int status, List<String> said) {}

  private Process start(String handler, Duration deadline) throws IOException {
    List<String> command = new ArrayList<>();
    if (ignoresInterrupts()) { // and the process would ignore it, too
      command.addAll(List.of("env", "--default-signal=INT"));
    }
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Application.class.getName(),
            handler,
            Long.toString(deadline.toMillis())));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    processes.add(process);
    return process;
  }

  /** Whether this process ignores SIGINT, like jobs that a shell starts in the background. */
  private static boolean ignoresInterrupts() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    try (var lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("SigIgn:"))
          .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }
  }

  private static void awaitLine(BufferedReader output, String start) throws IOException {
    for (String line; (line = output.readLine()) != null; ) {
      if (line.startsWith(start)) {
        return;
      }
    }
    throw new AssertionError("the process has ended and not said: " + start);
  }

  private static void signal(Process process, String name)
      throws IOException, InterruptedException {
    var kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()));
    assertThat(kill.start().waitFor()).isZero();
  }

  private static Ended end(Process process, BufferedReader output)
      throws IOException, InterruptedException {
    List<String> said = output.lines().toList();
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void signalLetsHandlersEndAndCommits(String name) throws Exception {
    Process process = start("ends", Duration.ofSeconds(30));
    try (var output = process.inputReader()) {
      awaitLine(output, HANDLING);
      signal(process, name);
      Ended ended = end(process, output);
      assertThat(ended.said())
          .containsExactly(
              "closing: received SIG" + name + "; handlers have 30000 ms",
              "handled",
              "committed 1",
              "closed",
              "hook");
      assertThat(ended.status()).isEqualTo(LoopProcess.CLOSED);
    }
  }

  @Test
  void handlerThatOutlastsTheDeadlineIsInterruptedAndNotCommitted() throws Exception {
    Process process = start("hangs", Duration.ofMillis(300));
    try (var output = process.inputReader()) {
      awaitLine(output, HANDLING);
      signal(process, "TERM");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .containsExactly(
              "closing: received SIGTERM; handlers have 300 ms",
              "forced: the deadline has passed, handlers were interrupted; their records will"
                  + " be redelivered",
              "hook");
      assertThat(ended.status()).isEqualTo(LoopProcess.FAILED);
    }
  }

  /** Without a broker, or as long as it does not answer. */
  @Test
  void forcedEndWithoutAHandlerSaysSo() throws Exception {
    Process process = start("waits", Duration.ofMillis(300));
    try (var output = process.inputReader()) {
      awaitLine(output, "polls");
      signal(process, "TERM");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .anyMatch(
              line ->
                  line.startsWith("forced: the deadline has passed, no handler was running; ")
                      && line.contains("Before: it closes, and no record is being handled: "))
          .noneMatch(line -> line.contains("handlers were interrupted"));
      assertThat(ended.status()).isEqualTo(LoopProcess.FAILED);
    }
  }

  @Test
  void secondSignalForces() throws Exception {
    Process process = start("hangs", Duration.ofMinutes(10));
    try (var output = process.inputReader()) {
      awaitLine(output, HANDLING);
      signal(process, "INT");
      awaitLine(output, "closing");
      signal(process, "INT");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .anyMatch(line -> line.startsWith("forced: received another signal, SIGINT"));
      assertThat(ended.status()).isEqualTo(LoopProcess.FAILED);
    }
  }

  @Test
  void handlerThatIgnoresItsInterruptDoesNotKeepTheProcess() throws Exception {
    Process process = start("ignores", Duration.ofMillis(300));
    try (var output = process.inputReader()) {
      awaitLine(output, HANDLING);
      signal(process, "TERM");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .contains("interrupted")
          .anyMatch(line -> line.startsWith("forced") && line.contains("ignore their interrupt"));
      assertThat(ended.status()).isEqualTo(LoopProcess.FAILED);
    }
  }

  @Test
  void loopThatFailsEndsTheProcess() throws Exception {
    Process process = start("fails", Duration.ofSeconds(30));
    try (var output = process.inputReader()) {
      Ended ended = end(process, output);
      assertThat(ended.said())
          .containsExactly(HANDLING, "failed: java.io.IOException: the store is away", "hook");
      assertThat(ended.status()).isEqualTo(LoopProcess.FAILED);
    }
  }

  @Test
  void deadlineMustBePositive() {
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(WithMockConsumer.properties())
            .topics("orders")
            .handler(record -> {})
            .build();
    assertThatThrownBy(() -> LoopProcess.run(loop, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deadline");
  }
}
