package dev.millrace.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that runs a service, and real signals. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServiceProcessTest {

  private static final String SERVING = "serving";

  /** The application: says on standard output what it does. */
  public static final class Application {

    private Application() {}

    /** {@code args}: what the service does, and the deadline in milliseconds. */
    public static void main(String[] args) throws InterruptedException {
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> say("hook")));
      ProcessEnd end =
          ServiceProcess.run(
              context -> serve(args[0], context),
              Duration.ofMillis(Long.parseLong(args[1])),
              Application::say);
      say(end.kind() + " " + end.signal());
      System.exit(end.status());
    }

    private static void serve(String what, Context context) throws Exception {
      say(SERVING);
      try {
        switch (what) {
          case "obeys" -> context.done().receiveOrNull();
          case "fails" -> {
            context.done().receiveOrNull();
            throw new IOException("cannot close");
          }
          case "hangs" -> new CountDownLatch(1).await();
          default -> ignore();
        }
      } finally {
        say("deferred");
      }
    }

    @SuppressWarnings("InfiniteLoopStatement") // as the worst of services does
    private static void ignore() {
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
  }

  private final Threads threads = new Threads();
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    processes.forEach(Process::destroyForcibly);
    threads.close();
  }

  private record Ended(int status, List<String> said) {}

  private Process start(String service, Duration deadline) throws IOException {
    List<String> command = new ArrayList<>();
    if (ignoresInterrupts()) { // and so would the process
      command.addAll(List.of("env", "--default-signal=INT"));
    }
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath(),
            Application.class.getName(),
            service,
            Long.toString(deadline.toMillis())));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    processes.add(process);
    return process;
  }

  private static String classPath() {
    return List.of(Application.class, ServiceProcess.class, Backoff.class).stream()
        .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** As the jobs do that a shell starts in the background. */
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
  void signalStopsTheServiceAndDeferredWorkRuns(String name) throws Exception {
    Process process = start("obeys", Duration.ofSeconds(30));
    try (var output = process.inputReader()) {
      awaitLine(output, SERVING);
      signal(process, name);
      Ended ended = end(process, output);
      assertThat(ended.said())
          .containsExactly(
              "closing: SIG" + name + " has come, the service has 30000 ms",
              "deferred",
              "closed",
              "CLOSED " + name,
              "hook");
      assertThat(ended.status()).isZero();
    }
  }

  @Test
  void serviceThatFailsToCloseIsAFailure() throws Exception {
    Process process = start("fails", Duration.ofSeconds(30));
    try (var output = process.inputReader()) {
      awaitLine(output, SERVING);
      signal(process, "TERM");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .contains("failed: java.io.IOException: cannot close", "FAILED TERM", "hook");
      assertThat(ended.status()).isEqualTo(1);
    }
  }

  @Test
  void serviceThatOutlastsTheDeadlineIsInterrupted() throws Exception {
    Process process = start("hangs", Duration.ofMillis(200));
    try (var output = process.inputReader()) {
      awaitLine(output, SERVING);
      signal(process, "TERM");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .endsWith(
              "deferred",
              "forced: the deadline has passed, the service was interrupted",
              "FORCED TERM",
              "hook");
      assertThat(ended.status()).isEqualTo(1);
    }
  }

  @Test
  void secondSignalForcesTheEndOfAServiceThatIgnoresAll() throws Exception {
    Process process = start("ignores", Duration.ofHours(1));
    try (var output = process.inputReader()) {
      awaitLine(output, SERVING);
      signal(process, "TERM");
      awaitLine(output, "closing");
      signal(process, "INT");
      Ended ended = end(process, output);
      assertThat(ended.said())
          .containsExactly(
              "interrupted",
              "forced: another signal has come, SIGINT, the service ignores its interrupt",
              "FORCED TERM",
              "hook");
      assertThat(ended.status()).isEqualTo(1);
    }
  }

  @Test
  void serviceThatEndsByItselfEndsTheProcess() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    ProcessEnd end = ServiceProcess.run(context -> said.add("ran"), Duration.ZERO, said::add);
    assertThat(end).isEqualTo(new ProcessEnd(ProcessEnd.Kind.ENDED, null, null));
    assertThat(said).containsExactly("ran", "ended");
    assertThat(end.status()).isZero();
  }

  @Test
  void serviceThatFailsByItselfIsAFailureWithItsCause() throws Exception {
    var failure = new IOException("port in use");
    ProcessEnd end =
        ServiceProcess.run(
            context -> {
              throw failure;
            },
            Duration.ZERO,
            line -> {});
    assertThat(end).isEqualTo(new ProcessEnd(ProcessEnd.Kind.FAILED, null, failure));
    assertThat(end.status()).isEqualTo(1);
  }

  @Test
  void interruptCancelsTheService() throws Exception {
    var serving = new CountDownLatch(1);
    var cancelled = new CountDownLatch(1);
    var run =
        threads.start(
            () ->
                ServiceProcess.run(
                    context -> {
                      serving.countDown();
                      try {
                        context.done().receiveOrNull();
                      } finally { // the interrupt may come before the thread has woken up
                        if (context.isCancelled()) {
                          cancelled.countDown();
                        }
                      }
                    },
                    Duration.ofHours(1),
                    line -> {}));
    serving.await();
    run.thread().interrupt();
    assertThatThrownBy(run::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(cancelled.await(50, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void caughtSignalIsReceivedAndGivenBack() throws Exception {
    try (var outer = ProcessSignals.catching("USR2")) {
      var inner = ProcessSignals.catching("USR2");
      assertThat(inner.received().tryReceive()).isNull();
      sendUsr2();
      assertThat(inner.received().receive()).isEqualTo("USR2");
      inner.close();
      inner.close();
      assertThat(inner.received().receiveOrNull()).isNull();
      sendUsr2();
      assertThat(outer.received().receive()).isEqualTo("USR2");
    }
  }

  private static void sendUsr2() throws IOException, InterruptedException {
    var kill = new ProcessBuilder("kill", "-USR2", Long.toString(ProcessHandle.current().pid()));
    assertThat(kill.start().waitFor()).isZero();
  }

  @Test
  void unknownSignalIsRefusedAndTheOthersAreGivenBack() {
    assertThatThrownBy(() -> ProcessSignals.catching("USR2", "NOSUCH"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("SIGNOSUCH");
    try (var signals = ProcessSignals.catching("USR2")) {
      assertThat(signals.received().isClosed()).isFalse();
    }
  }
}
