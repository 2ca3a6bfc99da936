package dev.millrace.testkit.simulation;

import dev.millrace.testkit.simulation.Deviations.Deviation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario: its threads, its time, and the schedule. All methods but {@link #execute}
 * are for the carrier, and for the threads that it carries.
 *
 * <p>A thread runs until it waits, or until the strategy lets it give way at a point. Each step
 * takes {@link #STEP_NANOS} of virtual time, a long one more. While no thread can run, the time
 * jumps to the next alarm.
 */
final class World implements Executor {

  /** So a loop that polls the clock comes to an end. */
  private static final long STEP_NANOS = 1_000;

  /**
   * After this number of points, a thread that never waits has taken the time of a step; a power of
   * 2.
   */
  private static final int POINTS_PER_STEP = 1024;

  private static final long START_NANOS = Duration.ofDays(1).toNanos();
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");
  private static final long AFTERWARDS = Duration.ofHours(1).toNanos();

  /** More than any run that ends needs; a run with more has threads that only yield. */
  private static final int MOST_STEPS = 2_000_000;

  /** The same for decisions; a run with more has a thread that never waits. */
  private static final int MOST_EVENTS = 200_000_000;

  /**
   * If a thread has been ready for this number of decisions, the thread that has been ready for
   * longest runs, against the choice of the strategy. So schedules are fair. A thread may wait for
   * another one by yielding, as on the JDK's scheduler. Source: Musuvathi, Qadeer, "Fair Stateless
   * Model Checking", PLDI 2008.
   */
  private static final int PATIENCE = 20_000;

  /** The JDK's thread that resumes virtual threads after they have waited for a monitor. */
  private static final String UNBLOCKER = "VirtualThread-unblocker";

  private static final int LAST = 60;
  private static final long BLOCKED_NANOS = 5_000_000_000L;

  private static final long ELSEWHERE_NANOS = 50_000_000;

  /** In place of the JVM's monitors, for the code of the scenario. */
  final Monitors monitors = new Monitors(this);

  private final Strategy strategy;
  private final Runnable scenario;
  private final long seed;
  private final Carrier carrier = new Carrier(this);
  private final IdentityHashMap<Runnable, SimulatedThread> threads = new IdentityHashMap<>();
  private final List<SimulatedThread> ready = new ArrayList<>();
  private final PriorityQueue<Alarm> alarms = new PriorityQueue<>();
  private final List<Deviation> deviations = new ArrayList<>();
  private final String[] last = new String[LAST];

  /** Continuations from threads outside of the world, such as the JDK's unblocker of monitors. */
  private final Queue<Runnable> fromOutside = new ConcurrentLinkedQueue<>();

  /** Threads that wait for a monitor of the JVM. The JDK decides when they go on, and no seed. */
  private final Set<SimulatedThread> blocked = new HashSet<>();

  /** Threads of dead processes. They are never ready again. */
  private final Set<Runnable> buried = Collections.newSetFromMap(new IdentityHashMap<>());

  private @Nullable SimulatedThread current;
  private @Nullable SimulatedProcess starting;
  private long now = START_NANOS;
  private long numbers;
  private int hashes;
  private int events;
  private int steps;
  private long trace;
  private boolean preempting;
  private boolean resubmitted;
  private boolean scenarioEnded;
  private long endedAt;
  private volatile @Nullable Throwable failure;

  World(long seed, Strategy strategy, Runnable scenario) {
    this.seed = seed;
    this.strategy = strategy;
    this.scenario = scenario;
  }

  /** Runs the scenario to its end, in the carrier; the caller waits. */
  Outcome play() {
    carrier.start();
    boolean interrupted = false;
    while (carrier.isAlive()) {
      try {
        carrier.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return new Outcome(
        failure,
        trace,
        steps,
        events,
        Duration.ofNanos(now - START_NANOS),
        new Deviations(deviations));
  }

  void run() {
    try {
      start("scenario", this::runScenario);
      while (step()) {
        // until the end
      }
    } catch (Throwable e) {
      fail(e);
    }
  }

  private void runScenario() {
    try {
      scenario.run();
    } catch (Throwable e) {
      fail(e);
    }
    scenarioEnded = true;
    endedAt = now;
  }

  private void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
  }

  // The schedule

  private boolean step() {
    admit();
    if (ready.isEmpty() && !jump()) {
      return false;
    }
    ring();
    if (!ready.isEmpty()) {
      go(ready.remove(pick()));
    }
    if (++steps > MOST_STEPS || events > MOST_EVENTS) {
      fail(
          new StuckException(
              "livelock: %,d steps and %,d decisions%s".formatted(steps, events, describe())));
    }
    return !(failure instanceof StuckException);
  }

  private int pick() {
    strategy.event(++events);
    int choice = ready.size() == 1 || isOverdue() ? 0 : strategy.pick(ready);
    if (choice != 0) {
      deviations.add(new Deviation(events, choice));
    }
    return choice;
  }

  /** Whether a thread has been ready for {@link #PATIENCE} decisions, and must run now. */
  private boolean isOverdue() {
    return !ready.isEmpty() && events - ready.getFirst().readySince > PATIENCE;
  }

  private void go(SimulatedThread thread) {
    current = thread;
    trace = trace * 31 + thread.number;
    resubmitted = false;
    thread.continuation.run();
    while (!resubmitted && thread.isBlocked() && returns(thread)) {
      thread.continuation.run();
    }
    if (!resubmitted && thread.isBlocked()) {
      blocked.add(thread);
    }
    current = null;
    last[steps % LAST] = thread.name();
    if (thread.ended) {
      threads.remove(thread.continuation);
    }
    now += STEP_NANOS;
  }

  /**
   * Whether a thread of another world releases the monitor soon. Then the blocked thread goes on at
   * once, as if it had not waited: other worlds leave no trace in the schedule.
   */
  private boolean returns(SimulatedThread thread) {
    long end = System.nanoTime() + ELSEWHERE_NANOS;
    while (!fromOutside.remove(thread.continuation)) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      LockSupport.parkNanos(10_000);
    }
    return true;
  }

  /** Moves the time, because no thread can run. Returns whether a thread can run then. */
  private boolean jump() {
    if (threads.isEmpty()) {
      return false;
    }
    if (awaitOutside()) { // otherwise hours of virtual time pass before the JDK resumes a thread
      return true;
    }
    Alarm next = alarms.peek();
    if (next != null && scenarioEnded && next.due - endedAt > AFTERWARDS) {
      fail(new StuckException("threads live an hour after the end" + describe()));
      return false;
    }
    if (next != null) {
      now = Math.max(now, next.due);
      return true;
    }
    fail(new StuckException("deadlock: no thread can ever run again" + describe()));
    return false;
  }

  private boolean rings() {
    Alarm next = alarms.peek();
    return next != null && next.due <= now;
  }

  private void ring() {
    for (Alarm next; (next = alarms.peek()) != null && next.due <= now; ) {
      alarms.remove();
      next.run();
    }
  }

  /** Waits for threads that block at a monitor of the JVM, once for each of them. */
  private boolean awaitOutside() {
    long end = System.nanoTime() + BLOCKED_NANOS;
    while (fromOutside.isEmpty()) {
      boolean some = blocked.stream().anyMatch(each -> each.isBlocked() && each.mayRun());
      if (!some || System.nanoTime() - end > 0) {
        blocked.clear();
        return false;
      }
      LockSupport.parkNanos(100_000);
    }
    return true;
  }

  private void admit() {
    for (Runnable next; (next = fromOutside.poll()) != null; ) {
      add(next);
    }
  }

  @Override
  public void execute(Runnable continuation) {
    if (Carrier.world() == this) {
      add(continuation);
    } else {
      Thread outside = Thread.currentThread();
      if (!outside.getName().equals(UNBLOCKER) && !(outside instanceof Carrier)) {
        fail(
            new IllegalStateException(
                "the thread '%s' outside of the simulation wakes a thread in it: no seed decides when"
                    .formatted(outside.getName())));
      }
      fromOutside.add(continuation);
      LockSupport.unpark(carrier);
    }
  }

  private void add(Runnable continuation) {
    if (buried.contains(continuation)) {
      return;
    }
    SimulatedThread thread =
        threads.computeIfAbsent(
            continuation, each -> new SimulatedThread((int) ++numbers, each, startsIn()));
    resubmitted |= thread == current;
    blocked.remove(thread);
    if (!thread.held) {
      if (thread == current && !preempting) {
        strategy.yielded(thread);
      }
      preempting = false;
      ready(thread);
    }
  }

  void ready(SimulatedThread thread) {
    if (thread.mayRun()) {
      thread.readySince = events;
      ready.add(thread);
    } else {
      Objects.requireNonNull(thread.process).waiting.add(thread);
    }
  }

  /** The process of a thread that the running thread starts. */
  private @Nullable SimulatedProcess startsIn() {
    SimulatedProcess given = starting;
    SimulatedThread running = current;
    return given != null ? given : running == null ? null : running.process;
  }

  // Processes

  void start(SimulatedProcess process, String name, Runnable task) {
    starting = process;
    try {
      start(name, task);
    } finally {
      starting = null;
    }
  }

  void stops(SimulatedProcess process) {
    for (SimulatedThread each : List.copyOf(ready)) {
      if (each.process == process) {
        ready.remove(each);
        process.waiting.add(each);
      }
    }
    if (process.dead) {
      for (SimulatedThread each : List.copyOf(threads.values())) {
        if (each.process == process) {
          buried.add(each.continuation);
        }
      }
      threads.keySet().removeAll(buried);
      process.waiting.clear();
    }
  }

  List<String> threadsOf(SimulatedProcess process) {
    return presentIn(process).map(SimulatedThread::name).toList();
  }

  String stacksOf(SimulatedProcess process) {
    var text = new StringBuilder();
    presentIn(process).forEach(each -> each.describe(text));
    return text.toString();
  }

  private Stream<SimulatedThread> presentIn(SimulatedProcess process) {
    return threads.values().stream()
        .filter(each -> each.process == process && each != current && !each.ended)
        .sorted((one, other) -> Integer.compare(one.number, other.number));
  }

  void goesOn(SimulatedProcess process) {
    if (process.runs()) {
      List<SimulatedThread> all = List.copyOf(process.waiting);
      process.waiting.clear();
      all.forEach(this::ready);
    }
  }

  // For threads

  /** The running thread; null in the carrier itself. */
  @Nullable SimulatedThread current() {
    return current;
  }

  /** A point at which the running thread may give way. */
  void point() {
    SimulatedThread running = current;
    if (running == null || running.unswitchable > 0) {
      return;
    }
    strategy.event(++events);
    if (events % POINTS_PER_STEP == 0) {
      now += STEP_NANOS;
    }
    if (isOverdue() || rings() || events > MOST_EVENTS) {
      Thread.yield();
    } else if (!ready.isEmpty() && strategy.preempts(running, ready)) {
      deviations.add(new Deviation(events, Deviations.GIVES_WAY));
      preempting = true;
      Thread.yield();
    }
  }

  /**
   * The running thread cannot be switched, and its points are no events: in a static initializer,
   * and while it has a monitor of the JDK.
   */
  void initializes(boolean begins) {
    SimulatedThread running = current;
    if (running != null) {
      running.unswitchable += begins ? 1 : -1;
    }
  }

  long now() {
    return now;
  }

  /** Spread over all bits, as the hash codes of the JVM are; not 0. */
  int nextHash() {
    return ++hashes * 0x9E3779B9;
  }

  Instant instant() {
    Instant time = START.plusNanos(now - START_NANOS);
    SimulatedThread running = current;
    return running == null || running.process == null
        ? time
        : time.plus(running.process.clockAhead);
  }

  /** For {@code java.util.concurrent}: the time of the calling thread. */
  static long nanoTimeOfThread() {
    World world = Carrier.world();
    return world == null ? System.nanoTime() : world.now;
  }

  Alarm at(long delay, Runnable action) {
    var alarm = new Alarm(this, now + Math.clamp(delay, 0, Long.MAX_VALUE / 2), ++numbers, action);
    alarms.add(alarm);
    return alarm;
  }

  void forget(Alarm alarm) {
    alarms.remove(alarm);
  }

  void start(String name, Runnable task) {
    thread(Jdk.virtual(this).name(name), task).start();
  }

  /** A thread of this world. */
  Thread thread(Thread.Builder builder, Runnable task) {
    return builder.unstarted(
        () -> {
          SimulatedThread own = Objects.requireNonNull(current);
          own.thread = Thread.currentThread();
          Jdk.seedThread(seed * 31 + own.number);
          try {
            task.run();
          } catch (Throwable e) {
            fail(e);
            throw e;
          } finally {
            own.ended = true;
          }
        });
  }

  void interrupt(Thread thread) {
    thread.interrupt();
    for (SimulatedThread each : threads.values()) {
      if (each.thread == thread) {
        monitors.wake(each);
      }
    }
  }

  // For people

  private String describe() {
    var text = new StringBuilder();
    Collection<SimulatedThread> all = threads.values();
    all.stream()
        .sorted((one, other) -> Integer.compare(one.number, other.number))
        .limit(20)
        .forEach(each -> each.describe(text));
    text.append("\nthe last steps: ");
    for (int i = Math.max(0, steps - LAST); i < steps; i++) {
      text.append(last[i % LAST]).append(' ');
    }
    return text.toString();
  }
}
