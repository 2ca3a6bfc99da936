package dev.millrace.testkit.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Tries to make a consumer of yours lose a record. It starts a broker and three processes that run
 * your {@link Subject} as one group, and produces records. It kills, stops and cuts off processes
 * and brokers as a seed says, and checks the {@linkplain Invariant invariants} all the while.
 *
 * <pre>{@code
 * @Test
 * void losesNothing() throws Exception {
 *   ConsumerProof.of(OrdersSubject.class).run().orThrow();
 * }
 * }</pre>
 *
 * <p>The same seed gives the same plan: the settings of the processes, and the disturbances with
 * their times. The timing of the processes differs, so a violation may need several runs of its
 * seed to show again.
 *
 * <p>This object holds the settings, and may run several times, one run after the other. Not
 * thread-safe. A run needs a broker's 256 MB and three heaps of 64 MB. All processes listen on
 * loopback only, and end with the run. Processes are stopped with signals, so a proof runs on Linux
 * and macOS.
 */
public final class ConsumerProof {

  private static final int SEEDS = 1_000_000;
  private static final int MOST = 1000;

  /** Disturbances that are about dead letters: they belong to the loop of Millrace. */
  private static final Set<Disturbance> OF_LETTERS =
      EnumSet.of(Disturbance.LETTERS_DOWN, Disturbance.POISON);

  private final Class<? extends Subject> subject;
  private final Map<String, String> settings = new HashMap<>();
  private final Set<Invariant> checked =
      EnumSet.complementOf(
          EnumSet.of(Invariant.FEW_DUPLICATES, Invariant.BOUNDED, Invariant.EXACTLY_ONCE));
  private Set<Disturbance> kinds = usual();
  private Set<Protocol> protocols = EnumSet.allOf(Protocol.class);
  private long seed = ThreadLocalRandom.current().nextInt(SEEDS);
  private int disturbances = 10;
  private int brokers = 1;
  private Guarantee guarantee = Guarantee.AT_LEAST_ONCE;
  private Ordering ordering = Ordering.KEY;
  private int concurrency = Integer.MAX_VALUE;
  private int duplicates = Integer.MAX_VALUE - 1;
  private int duplicatesPerSecond;
  private Duration pollGap = Duration.ofSeconds(12);
  private Duration stall = Duration.ofSeconds(20);
  private Duration close = Duration.ofSeconds(20);
  private List<String> jvm = List.of();
  private LongFunction<String> values = id -> "record-" + id;
  private @Nullable Path directory;

  private ConsumerProof(Class<? extends Subject> subject) {
    this.subject = subject;
  }

  /**
   * A proof with the default settings.
   *
   * @throws IllegalArgumentException if another process could not create the subject: the class, or
   *     its constructor without parameters, is not public
   */
  public static ConsumerProof of(Class<? extends Subject> subject) {
    boolean canBeCreated;
    try {
      canBeCreated =
          Modifier.isPublic(subject.getModifiers())
              && !Modifier.isAbstract(subject.getModifiers())
              && Modifier.isPublic(subject.getDeclaredConstructor().getModifiers());
    } catch (NoSuchMethodException e) {
      canBeCreated = false;
    }
    if (!canBeCreated) {
      throw new IllegalArgumentException(
          subject.getName()
              + " cannot be created in another process: make it a public class with a public"
              + " constructor without parameters");
    }
    return new ConsumerProof(subject);
  }

  /** The seed of the plan. Default: drawn for this object. */
  public ConsumerProof seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** The number of disturbances, from 0 to 1000. Default: 10; each takes about three seconds. */
  public ConsumerProof disturbances(int number) {
    disturbances = between("the number of disturbances", 0, MOST, number);
    return this;
  }

  /**
   * The kinds of disturbances to draw from. Default: all kinds up to {@link Disturbance#ROLLING},
   * without the ones that need dead letters.
   *
   * @throws IllegalArgumentException for no kind, and for {@link Disturbance#POISON} and {@link
   *     Disturbance#LETTERS_DOWN}
   */
  public ConsumerProof disturbedBy(Disturbance first, Disturbance... others) {
    Set<Disturbance> all = EnumSet.of(first, others);
    if (all.removeAll(OF_LETTERS)) {
      throw new IllegalArgumentException(
          OF_LETTERS + " need a dead-letter topic, and a subject has none: leave them out");
    }
    kinds = all;
    return this;
  }

  /** The rebalance protocols to draw from. Default: all. */
  public ConsumerProof protocols(Protocol first, Protocol... others) {
    protocols = EnumSet.of(first, others);
    return this;
  }

  /** The number of brokers, from 1 to 3. Default: 1. */
  public ConsumerProof brokers(int number) {
    brokers = between("the number of brokers", 1, 3, number);
    return this;
  }

  /** The order that the consumer promises. Default: by key. */
  public ConsumerProof ordering(Ordering promised) {
    ordering = Objects.requireNonNull(promised, "promised");
    return this;
  }

  /**
   * Checks the number of handlers that run at once in a process ({@link Invariant#BOUNDED}).
   * Default: not checked.
   */
  public ConsumerProof concurrency(int most) {
    concurrency = between("the concurrency", 1, Integer.MAX_VALUE, most);
    checked.add(Invariant.BOUNDED);
    return this;
  }

  /**
   * Checks the number of records of a partition that its next owner processes again ({@link
   * Invariant#FEW_DUPLICATES}). Needs reports of assignments. Default: not checked.
   *
   * @param most the records between two commits
   * @param perSecond the additional records for each second in which commits failed
   */
  public ConsumerProof duplicates(int most, int perSecond) {
    duplicates = between("the number of duplicates", 0, MOST * MOST, most);
    duplicatesPerSecond = between("the duplicates per second", 0, MOST * MOST, perSecond);
    checked.add(Invariant.FEW_DUPLICATES);
    return this;
  }

  /**
   * Checks the outputs too ({@link Invariant#EXACTLY_ONCE}): the subject produces {@link
   * SubjectRun#outputsOf} in transactions. Default: at least once.
   */
  public ConsumerProof exactlyOnce() {
    guarantee = Guarantee.EXACTLY_ONCE;
    checked.add(Invariant.EXACTLY_ONCE);
    return this;
  }

  /** The longest time without a poll. Default: 12 s; {@code max.poll.interval.ms} is 15 s. */
  public ConsumerProof pollGap(Duration longest) {
    pollGap = positive("the poll gap", longest);
    return this;
  }

  /** The longest time that a partition with lag stands still without a fault. Default: 20 s. */
  public ConsumerProof stall(Duration longest) {
    stall = positive("the stall", longest);
    return this;
  }

  /** The longest time from SIGTERM to the end of the process. Default: 20 s. */
  public ConsumerProof close(Duration longest) {
    close = positive("the time to close", longest);
    return this;
  }

  /**
   * Does not check an invariant. For example {@link Invariant#CLEAN_CLOSE}, for a consumer that
   * dies of SIGTERM.
   */
  public ConsumerProof without(Invariant invariant) {
    checked.remove(invariant);
    return this;
  }

  /** The value of each record, by its number from 0. Default: {@code record-17}. */
  public ConsumerProof values(LongFunction<String> value) {
    values = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * A setting for the subject, which reads it by {@link SubjectRun#setting}.
   *
   * @param name a name without {@code =}
   */
  public ConsumerProof setting(String name, String value) {
    if (name.isEmpty() || name.contains("=")) {
      throw new IllegalArgumentException("not a name for a setting: '" + name + "'");
    }
    settings.put(SubjectRun.OWN + name, value);
    return this;
  }

  /** Arguments for the JVM of each process; they follow {@code -Xmx64m}. Default: none. */
  public ConsumerProof jvmArguments(String... arguments) {
    jvm = List.of(arguments);
    return this;
  }

  /**
   * The directory for the logs and outputs of the processes. Each run makes a directory of its own
   * there, and deletes it if no invariant was broken. Default: the directory for temporary files.
   */
  public ConsumerProof directory(Path path) {
    directory = path.toAbsolutePath();
    return this;
  }

  /**
   * Runs the proof. Blocks until the run is over: three seconds for each disturbance, and the time
   * until all records are committed, at most 90 s. Prints the seed and the plan first.
   *
   * @return the verdict: broken invariants are not an exception here
   * @throws IllegalArgumentException for {@link Disturbance#RIGHTS} with several brokers, and for
   *     {@link Disturbance#EXPIRED_OFFSETS} of a consumer that produces exactly once
   * @throws Exception if a broker or a process cannot be started
   */
  public Verdict run() throws Exception {
    if (brokers > 1 && kinds.contains(Disturbance.RIGHTS)) {
      throw new IllegalArgumentException(
          "RIGHTS needs a single broker: call brokers(1), or leave RIGHTS out of disturbedBy(…)");
    }
    if (guarantee == Guarantee.EXACTLY_ONCE && kinds.contains(Disturbance.EXPIRED_OFFSETS)) {
      throw new IllegalArgumentException(
          "a group whose commits have expired produces again: leave EXPIRED_OFFSETS out of"
              + " disturbedBy(…)");
    }
    Plan plan = plan();
    System.out.printf("proof with seed %d: %s%n", plan.seed(), plan.describe());
    Path files = files();
    try (var started = Brokers.start(brokers)) {
      RoundResult result = Round.run(plan, started, files, program(), bounds());
      if (result.isOk()) {
        delete(files);
      }
      return new Verdict(result, checked, files);
    }
  }

  private Path files() throws IOException {
    Path parent = directory;
    if (parent == null) {
      return Files.createTempDirectory("millrace-proof-");
    }
    Files.createDirectories(parent);
    return Files.createTempDirectory(parent, "seed-" + seed + "-");
  }

  private static void delete(Path directory) throws IOException {
    try (var all = Files.walk(directory)) {
      List<Path> paths = new ArrayList<>(all.toList());
      for (Path path : paths.reversed()) { // the contents before their directory
        Files.delete(path);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Set<Disturbance> usual() {
    Set<Disturbance> all = EnumSet.copyOf(Disturbance.USUAL);
    all.removeAll(OF_LETTERS);
    return all;
  }

  private Plan plan() {
    String name = subject.getSimpleName();
    Plan drawn = Plan.of(seed, disturbances, kinds, new String[] {name}, face -> false);
    List<Protocol> offered = List.copyOf(protocols);
    return new Plan(
        seed,
        name,
        guarantee,
        ordering,
        protocols.contains(drawn.protocol())
            ? drawn.protocol()
            : offered.get(Math.floorMod(seed, offered.size())),
        drawn.statics(),
        concurrency,
        drawn.contents(),
        0,
        drawn.steps());
  }

  private Program program() {
    return new Program(subject.getName(), settings, jvm, null, values);
  }

  private Bounds bounds() {
    return new Bounds(
        guarantee,
        ordering,
        Ordering.PARTITION,
        0,
        true,
        concurrency,
        1,
        Long.MAX_VALUE,
        pollGap,
        stall,
        close,
        Duration.ofSeconds(10),
        duplicates,
        duplicatesPerSecond,
        false,
        false,
        Set.copyOf(checked));
  }

  private static Duration positive(String name, Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException("%s must be positive, not %s".formatted(name, time));
    }
    return time;
  }

  private static int between(String name, int least, int most, int number) {
    if (number < least || number > most) {
      throw new IllegalArgumentException(
          "%s must be between %d and %d, not %d".formatted(name, least, most, number));
    }
    return number;
  }
}
