package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The process of a worker, with the disturbances of a process. Each one is logged as an event. */
final class WorkerProcess {

  final String name;
  final int slot;
  private final Process process;
  private final Consumer<Event> events;
  private volatile boolean killed;
  private boolean stopped;
  private boolean terminated;

  private WorkerProcess(String name, int slot, Process process, Consumer<Event> events) {
    this.name = name;
    this.slot = slot;
    this.process = process;
    this.events = events;
  }

  /** Starts a worker; the files of its process go to the directory. */
  static WorkerProcess launch(
      String name, int slot, Path directory, WorkerSettings settings, Consumer<Event> events)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.io.tmpdir=" + directory,
                "-Dlogback.configurationFile=dev/millrace/testkit/chaos/worker-logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                WorkerMain.class.getName()));
    command.addAll(settings.arguments());
    File output = directory.resolve(name + ".out").toFile();
    events.accept(Event.now(name, Kind.LAUNCHED, -1, -1, ""));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
    var worker = new WorkerProcess(name, slot, process, events);
    var _ = process.onExit().thenAccept(ended -> worker.exited(ended.exitValue()));
    return worker;
  }

  private void exited(int status) {
    if (!killed) {
      events.accept(Event.now(name, Kind.EXITED, -1, status, ""));
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
