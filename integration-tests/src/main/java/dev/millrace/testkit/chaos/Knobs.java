package dev.millrace.testkit.chaos;

import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The settings of a loop that a seed draws for a round: some before the start, some while it runs.
 * The same seed gives the same knobs. Immutable.
 */
record Knobs(Set<Knob> all) {

  /** A setting. */
  enum Knob {
    /** Deserializers and a handler for the topic, instead of the loop's own. */
    ROUTES,
    /** Starts at a time; without a commit, this is the first record. */
    START_AT,
    /** Hands out records of the input topic first. */
    PRIORITY,
    /** Bounds the handlers of the input topic. */
    TOPIC_CONCURRENCY,
    /** A breaker, and a store that is down from time to time. */
    BREAKER,
    /** Changes the concurrency. */
    CONCURRENCY,
    /** Changes the rate limit. */
    RATE,
    /** Pauses and resumes single partitions, or all. */
    PAUSE,
    /** Skips records with a header. */
    SKIP,
    /** Handles records in batches. */
    BATCHES,
    /** Sends dead letters with a producer of the loop's own. */
    LETTER_TOPIC,
    /** Only in storms: waits for rights instead of ending. */
    AWAIT_RIGHTS,
    /** Only in storms: a few handlers ignore interrupts for some seconds. */
    DEAF,
    /** Only in storms: a group that has committed nothing begins at the ends of the logs. */
    RESET_LATEST,
    /** Only in storms: a group that has committed nothing may not begin. */
    RESET_NONE;

    static final Set<Knob> USUAL = EnumSet.range(ROUTES, LETTER_TOPIC);

    private static final Set<Knob> NOT_EXACTLY_ONCE = EnumSet.of(ROUTES, BATCHES, LETTER_TOPIC);
    private static final Set<Knob> NOT_IN_BATCHES = EnumSet.of(ROUTES, PRIORITY, TOPIC_CONCURRENCY);
  }

  /** The size of batches. */
  static final int BATCH = 5;

  /** Far more failures than the attempts of a record. */
  private static final int OPENS_AFTER = 5;

  Knobs {
    all = all.isEmpty() ? EnumSet.noneOf(Knob.class) : EnumSet.copyOf(all);
  }

  /** Draws the knobs; each third seed has none, so that the plain loop is tested too. */
  static Knobs of(long seed, boolean exactlyOnce) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(~seed);
    Set<Knob> drawn = EnumSet.noneOf(Knob.class);
    boolean any = random.nextInt(3) > 0;
    for (Knob one : Knob.USUAL) {
      if (random.nextBoolean() && any) {
        drawn.add(one);
      }
    }
    if (random.nextBoolean()) {
      drawn.remove(Knob.BATCHES); // they exclude other knobs, so they are rarer
    }
    if (exactlyOnce) {
      drawn.removeAll(Knob.NOT_EXACTLY_ONCE);
    }
    if (drawn.contains(Knob.BATCHES)) {
      drawn.removeAll(Knob.NOT_IN_BATCHES);
    }
    return new Knobs(drawn);
  }

  /** Whether a loop that produces exactly once can have all of them. */
  boolean fitExactlyOnce() {
    return Collections.disjoint(all, Knob.NOT_EXACTLY_ONCE);
  }

  /** These knobs and others. */
  Knobs with(Set<Knob> more) {
    Set<Knob> both = EnumSet.copyOf(more);
    both.addAll(all);
    return new Knobs(both);
  }

  /** The value of {@code auto.offset.reset}; empty for the default of the loop. */
  String reset() {
    return has(Knob.RESET_LATEST) ? "latest" : has(Knob.RESET_NONE) ? "none" : "";
  }

  /** These knobs, without one. */
  Knobs without(Knob knob) {
    Set<Knob> others = EnumSet.noneOf(Knob.class);
    others.addAll(all);
    others.remove(knob);
    return new Knobs(others);
  }

  /** Reads the text of {@link #toString}. */
  static Knobs parse(String text) {
    Set<Knob> read = EnumSet.noneOf(Knob.class);
    Stream.of(text.split("\\+"))
        .filter(name -> !name.isEmpty())
        .forEach(name -> read.add(Knob.valueOf(name.toUpperCase(Locale.ROOT).replace(' ', '_'))));
    return new Knobs(read);
  }

  boolean has(Knob knob) {
    return all.contains(knob);
  }

  /** Applies the settings that are made before the start. */
  <B extends LoopBuilder<String, String, B>> B applyTo(B builder, Worker worker) {
    String topic = worker.settings.text("topic");
    int allowed = worker.settings.number("concurrency");
    if (has(Knob.START_AT)) {
      builder.startAt(Instant.EPOCH);
    }
    if (has(Knob.AWAIT_RIGHTS)) {
      builder.awaitRights(Duration.ofSeconds(1));
    }
    if (has(Knob.PRIORITY)) {
      builder.topicPriority(topic);
    }
    if (has(Knob.TOPIC_CONCURRENCY)) {
      builder.topicConcurrency(topic, Math.max(1, allowed * 3 / 4));
    }
    if (has(Knob.SKIP)) {
      var marked = new AtomicLong();
      boolean forgets = worker.defect() == Defect.HANDLES_MARKED;
      builder.skipIf(
          record -> Traffic.isMarked(record) && !(forgets && marked.incrementAndGet() % 5 == 0));
    }
    if (has(Knob.BREAKER)) {
      builder.breaker(
          LoopBreaker.when(StoreDownException.class::isInstance)
              .failures(OPENS_AFTER)
              .delay(Duration.ofMillis(300)));
    }
    return builder;
  }

  /** The names, joined by a plus. */
  @Override
  public String toString() {
    return new TreeSet<>(all)
        .stream()
            .map(one -> one.name().toLowerCase(Locale.ROOT).replace('_', ' '))
            .collect(Collectors.joining("+"));
  }
}
