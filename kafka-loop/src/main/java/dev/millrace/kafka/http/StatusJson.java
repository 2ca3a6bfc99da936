package dev.millrace.kafka.http;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.HotKey;
import dev.millrace.kafka.Latency;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.internal.text.Brief;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The JSON for the health and the status of loops; {@code docs/kafka-observability.md} lists the
 * fields.
 */
final class StatusJson {

  /** The longest text of the application, such as the message of an exception, in characters. */
  private static final int MAX_TEXT = 500;

  /** The place where a message of an exception may begin in a text of this library. */
  private static final Pattern MESSAGE = Pattern.compile("[:;] ");

  private final boolean hidesMessages;

  /**
   * JSON of loops.
   *
   * @param hidesMessages whether texts end before the messages of exceptions
   */
  StatusJson(boolean hidesMessages) {
    this.hidesMessages = hidesMessages;
  }

  String health(List<LoopStatus> loops) {
    return Json.of(
        fields(
            "alive",
            loops.stream().allMatch(one -> one.health().isAlive()),
            "loops",
            loops.stream()
                .map(
                    one ->
                        fields(
                            "group",
                            one.group(),
                            "clientId",
                            one.clientId(),
                            "ready",
                            one.health().isReady(),
                            "started",
                            one.health().isStarted(),
                            "state",
                            one.health().state(),
                            "reason",
                            shown(one.health().reason())))
                .toList()));
  }

  String status(Instant now, List<LoopStatus> loops, List<ShownRun> runs) {
    return Json.of(
        fields(
            "at",
            now,
            "loops",
            loops.stream().map(this::loop).toList(),
            "runs",
            runs.stream().map(ShownRun::fields).toList()));
  }

  private Map<String, @Nullable Object> loop(LoopStatus loop) {
    return fields(
        "group",
        loop.group(),
        "clientId",
        loop.clientId(),
        "topics",
        loop.topics(),
        "concurrency",
        loop.concurrency(),
        "rateLimit",
        loop.rateLimit().toString(),
        "health",
        health(loop.health()),
        "figures",
        figures(loop.figures()),
        "partitions",
        loop.partitions().stream().map(this::partition).toList(),
        "hottestKeys",
        loop.hottestKeys().stream().map(StatusJson::key).toList(),
        "recent",
        loop.recent().stream().map(this::event).toList());
  }

  private Map<String, @Nullable Object> health(Health health) {
    return fields(
        "alive",
        health.isAlive(),
        "ready",
        health.isReady(),
        "started",
        health.isStarted(),
        "state",
        health.state(),
        "reason",
        shown(health.reason()));
  }

  private static Map<String, @Nullable Object> figures(LoopFigures figures) {
    return fields(
        "settled",
        figures.settled(),
        "handled",
        figures.handled(),
        "skipped",
        figures.skipped(),
        "failures",
        new TreeMap<>(figures.failures()),
        "retries",
        figures.retries(),
        "deadLetters",
        figures.deadLetters(),
        "deadLettersByReason",
        new TreeMap<>(figures.deadLettersByReason()),
        "rebalances",
        figures.rebalances(),
        "commits",
        figures.commits(),
        "commitFailures",
        figures.commitFailures(),
        "newHistories",
        figures.newHistories(),
        "settleLatency",
        latency(figures.settleLatency()));
  }

  private static Map<String, @Nullable Object> latency(Latency latency) {
    return fields(
        "count",
        latency.count(),
        "p50Micros",
        latency.p50().toNanos() / 1000,
        "p90Micros",
        latency.p90().toNanos() / 1000,
        "p99Micros",
        latency.p99().toNanos() / 1000,
        "maxMicros",
        latency.max().toNanos() / 1000);
  }

  private Map<String, @Nullable Object> partition(PartitionStatus status) {
    Front front = status.front();
    return fields(
        "topic",
        status.partition().topic(),
        "partition",
        status.partition().partition(),
        "lag",
        status.lag().isPresent() ? status.lag().getAsLong() : null,
        "withheld",
        status.withheld(),
        "inFlight",
        status.inFlight(),
        "waiting",
        status.waiting(),
        "paused",
        status.paused(),
        "front",
        front == null
            ? null
            : fields(
                "offset",
                front.offset(),
                "ageMillis",
                front.age().toMillis(),
                "why",
                shown(front.why())));
  }

  private static Map<String, @Nullable Object> key(HotKey key) {
    return fields(
        "topic", key.topic(), "key", key.key(), "records", key.records(), "error", key.error());
  }

  private Map<String, @Nullable Object> event(LoopEvent event) {
    return fields(
        "at",
        event.at(),
        "kind",
        switch (event) {
          case LoopEvent.Rebalanced rebalanced -> "rebalanced";
          case LoopEvent.Failed failed -> "failed";
          case LoopEvent.DeadLettered letter -> "deadLettered";
          case LoopEvent.BreakerChanged breaker -> "breaker";
        },
        "text",
        bounded(hidesMessages ? withoutMessage(event) : event.text()),
        "letter",
        event instanceof LoopEvent.DeadLettered dead ? letter(dead.letter()) : null);
  }

  private Map<String, @Nullable Object> letter(DeadLetter letter) {
    DeadLetter shown = hidesMessages ? letter.hidingMessage() : letter;
    String message = shown.cause().getMessage();
    return fields(
        "topic",
        letter.record().topic(),
        "partition",
        letter.record().partition(),
        "offset",
        letter.record().offset(),
        "stage",
        letter.stage(),
        "attempts",
        letter.attempts(),
        "exception",
        letter.exception(),
        "message",
        bounded(message == null ? "" : message));
  }

  /** A text of this library. A message of an exception, if there is one, is its last part. */
  private String shown(String text) {
    int end =
        hidesMessages
            ? MESSAGE.matcher(text).results().findFirst().map(MatchResult::start).orElse(-1)
            : -1;
    return bounded(end < 0 ? text : text.substring(0, end) + ": …");
  }

  private static String withoutMessage(LoopEvent event) {
    return switch (event) {
      case LoopEvent.Rebalanced rebalanced -> rebalanced.text();
      case LoopEvent.BreakerChanged breaker -> "the breaker is " + breaker.state();
      case LoopEvent.DeadLettered dead -> "dead letter: " + dead.letter().hidingMessage();
      case LoopEvent.Failed failed -> {
        Throwable cause = failed.failure().getCause();
        Throwable shown =
            failed.failure() instanceof RecordFailedException && cause != null
                ? cause
                : failed.failure();
        yield "%s: error %s".formatted(shown.getClass().getName(), Brief.code(shown));
      }
    };
  }

  private static String bounded(String text) {
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…";
  }

  /** A map of names and values, in this order. */
  static Map<String, @Nullable Object> fields(@Nullable Object... namesAndValues) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
    }
    return fields;
  }
}
