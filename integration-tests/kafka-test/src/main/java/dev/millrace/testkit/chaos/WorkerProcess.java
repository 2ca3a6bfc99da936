package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The process of a worker, with the disturbances of a process. Each one is logged as an event. */
final class WorkerProcess {

  /** The number of characters of the output that a violation shows. */
  private static final int SHOWN = 1500;

  final String name;
  final int slot;
  private final Process process;
  private final Path output;
  private final Consumer<Event> events;
  private volatile boolean killed;
  private boolean stopped;
  private volatile boolean terminated;

  private WorkerProcess(
      String name, int slot, Process process, Path output, Consumer<Event> events) {
    this.name = name;
    this.slot = slot;
    this.process = process;
    this.output = output;
    this.events = events;
  }

  /** Starts a worker; the files of its process go to the directory. */
  static WorkerProcess launch(
      String name,
      int slot,
      Path directory,
      List<String> jvm,
      WorkerSettings settings,
      Consumer<Event> events)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.io.tmpdir=" + directory));
    command.addAll(jvm);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), WorkerMain.class.getName()));
    command.addAll(settings.arguments());
    Path output = directory.resolve(name + ".out");
    events.accept(Event.now(name, Kind.LAUNCHED, -1, -1, ""));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    var worker = new WorkerProcess(name, slot, process, output, events);
    var _ = process.onExit().thenAccept(ended -> worker.exited(ended.exitValue()));
    return worker;
  }

  private void exited(int status) {
    if (!killed) {
      events.accept(Event.now(name, Kind.EXITED, -1, status, terminated ? "" : lastOutput()));
    }
  }

  /** The end of the output of a process that ended unasked: it says why. */
  private String lastOutput() {
    try {
      String text = Files.readString(output);
      return "its output ends with: " + text.substring(Math.max(0, text.length() - SHOWN)).strip();
    } catch (IOException e) {
      return "its output cannot be read: " + e;
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Whether it runs, and has not been asked to end. */
  boolean isWorking() {
    return process.isAlive() && !stopped && !terminated;
  }

  boolean isStopped() {
    return stopped && process.isAlive();
  }

  /**
   * Sends SIGTERM. Java's own call would also close the standard input, and the worker would take
   * its parent for dead.
   */
  void terminate() throws IOException, InterruptedException {
    terminated = true;
    events.accept(Event.now(name, Kind.TERMINATED, -1, -1, ""));
    signal("TERM");
  }

  /** SIGKILL; blocks until it is dead. */
  void kill() throws InterruptedException {
    killed = true;
    process.destroyForcibly();
    process.waitFor();
    events.accept(Event.now(name, Kind.KILLED, -1, -1, ""));
  }

  /** SIGSTOP. */
  void stop() throws IOException, InterruptedException {
    stopped = true;
    events.accept(Event.now(name, Kind.STOPPED, -1, -1, ""));
    signal("STOP");
  }

  /** SIGCONT. */
  void goOn() throws IOException, InterruptedException {
    if (isStopped()) {
      stopped = false;
      signal("CONT");
      events.accept(Event.now(name, Kind.CONTINUED, -1, -1, ""));
    }
  }

  private void signal(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  boolean awaitExit(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }
}
