package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.io.IOException;
import java.nio.file.Path;

/** The main of a worker's process: runs a subject until SIGTERM, or until its parent has died. */
final class WorkerMain {

  private static final long BEAT = 250;

  private WorkerMain() {}

  /** {@code args}: see {@link WorkerSettings}. */
  public static void main(String[] args) throws Exception {
    Thread.ofPlatform().daemon().name("parent-watch").start(WorkerMain::haltWithParent);
    initializeWhatStackTracesNeed();
    var settings = WorkerSettings.parse(args);
    var log = new EventLog(Path.of(settings.text("log")));
    Thread.ofPlatform().daemon().name("beat").start(() -> beat(log));
    var run = new SubjectRun(settings, log);
    Runtime.getRuntime().addShutdownHook(new Thread(run::stopAndAwaitClose, "stop"));
    try {
      subject(settings.text("subject")).run(run);
    } catch (Throwable e) {
      e.printStackTrace(); // into the output file of the process
      System.err.flush();
      Runtime.getRuntime().halt(1);
    }
    log.say(Kind.CLOSED, run.status, -1, Leftovers.threads());
    run.closed();
    System.exit(run.status);
  }

  private static Subject subject(String name) throws ReflectiveOperationException {
    var constructor = Class.forName(name).getDeclaredConstructor();
    return (Subject) constructor.newInstance();
  }

  /**
   * Kafka's consumer logs texts that overflow the stack. A class of the JDK that is initialized at
   * that moment cannot be used afterwards.
   */
  private static void initializeWhatStackTracesNeed() {
    if (Thread.currentThread().getStackTrace()[0].toString().isEmpty()) {
      throw new AssertionError("a stack trace without a text");
    }
  }

  /** Logs the state of the process periodically. */
  private static void beat(EventLog log) {
    Runtime runtime = Runtime.getRuntime();
    try {
      while (true) {
        long used = runtime.totalMemory() - runtime.freeMemory();
        log.say(Kind.BEAT, PollProbe.millisSincePoll(), used, "");
        Thread.sleep(BEAT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // no thread interrupts this one
    }
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
