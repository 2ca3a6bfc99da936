package dev.millrace.kafka.http;

import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.PartitionStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The figures of loops over the last {@link #LENGTH}, for the charts of the page. Keeps at most 181
 * samples, of six numbers for each loop. Thread-safe.
 */
/*
 * There is no thread here. A sample is taken with the answer to a request that looks at the loops
 * anyway, at most one in each interval. The probes of an orchestrator and the scrapes of the health
 * ask every few seconds, so they fill the history while no person looks. The listener of the
 * endpoint adds a sample by itself, for an application without probes.
 */
final class History {

  static final Duration EVERY = Duration.ofSeconds(5);
  static final Duration LENGTH = Duration.ofMinutes(15);

  private record Figures(
      long settled,
      @Nullable Long lag,
      @Nullable Long p50Micros,
      @Nullable Long p99Micros,
      long failed,
      long deadLetters) {}

  private record Sample(Instant at, List<Figures> loops) {}

  private final Deque<Sample> samples = new ArrayDeque<>(); // guarded by itself

  /** Adds a sample, unless the latest one is younger than {@link #EVERY}. */
  void add(Instant now, List<LoopStatus> loops) {
    synchronized (samples) {
      Sample last = samples.peekLast();
      if (last != null && now.isBefore(last.at())) {
        samples.clear(); // the clock was set back
        last = null;
      }
      if (last != null && Duration.between(last.at(), now).compareTo(EVERY) < 0) {
        return;
      }
      samples.addLast(new Sample(now, loops.stream().map(History::figures).toList()));
      while (Duration.between(samples.getFirst().at(), now).compareTo(LENGTH) > 0) {
        samples.removeFirst();
      }
    }
  }

  private static Figures figures(LoopStatus status) {
    LoopFigures figures = status.figures();
    boolean knowsLatency = figures.settleLatency().count() > 0;
    long[] lags =
        status.partitions().stream()
            .map(PartitionStatus::lag)
            .filter(OptionalLong::isPresent)
            .mapToLong(OptionalLong::getAsLong)
            .toArray();
    return new Figures(
        figures.settled(),
        lags.length == 0 ? null : Long.valueOf(Arrays.stream(lags).sum()),
        knowsLatency ? Long.valueOf(figures.settleLatency().p50().toNanos() / 1000) : null,
        knowsLatency ? Long.valueOf(figures.settleLatency().p99().toNanos() / 1000) : null,
        figures.failures().values().stream().mapToLong(one -> one).sum(),
        figures.deadLetters());
  }

  /** The samples as JSON, the oldest first: for each figure, a list with a number per loop. */
  String json() {
    List<Sample> all;
    synchronized (samples) {
      all = List.copyOf(samples);
    }
    return Json.of(Map.of("samples", all.stream().map(History::fields).toList()));
  }

  private static Map<String, Object> fields(Sample sample) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("at", sample.at());
    fields.put("loops", sample.loops().stream().map(History::fields).toList());
    return fields;
  }

  private static Map<String, @Nullable Object> fields(Figures figures) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("settled", figures.settled());
    fields.put("lag", figures.lag());
    fields.put("p50Micros", figures.p50Micros());
    fields.put("p99Micros", figures.p99Micros());
    fields.put("failed", figures.failed());
    fields.put("deadLetters", figures.deadLetters());
    return fields;
  }
}
