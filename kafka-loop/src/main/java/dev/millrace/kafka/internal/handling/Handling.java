package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.BatchFailedException;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.serde.DeserializersClosedException;
import dev.millrace.kafka.internal.settings.Breaker;
import dev.millrace.kafka.internal.settings.Burial;
import dev.millrace.kafka.internal.settings.FailurePolicy;
import dev.millrace.kafka.internal.settings.Refusals;
import dev.millrace.kafka.internal.text.Brief;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Handles messages: deserializes them, calls the handler, and follows the policy if that fails. It
 * starts no threads, and waits for the handler and the dead letters only. Thread-safe.
 */
/*
 * A batch is tried as a whole, with the attempts of the policy. Then, if its records go to dead
 * letters, it is taken apart. Each record is given back to its partition, and is handled alone with
 * the same policy. So a bad record does not take its neighbours with it. If the handler names the
 * failed record, the batch is cut before that record, which then counts its own attempts. The
 * records behind it stay with it while it has attempts left, and are then given back. The rest of a
 * batch is given back, and not handled in place. So ordered records keep their order, and unordered
 * records do not wait.
 *
 * A dead letter is an attempt of its own (Attempt.letter). The face runs it in a thread that does
 * not count as a handler. When the letter is on its way, the record leaves its lane: the records
 * behind it may begin, and their letters follow in the same order. The record stays in the window
 * until the letter is safe, so that no commit passes it. A letter that cannot even be sent keeps
 * its lane.
 */
public final class Handling<K, V> {

  /** The outcome of an attempt. */
  public sealed interface Outcome<K, V> {

    /** The messages to give back after the end of the attempt, in order. */
    default List<Delivery<K, V>> giveBack() {
      return List.of();
    }

    /** Gives these messages back. The first one is then the next of its lane. */
    default void release() {
      List<Delivery<K, V>> back = giveBack();
      for (int i = back.size() - 1; i >= 0; i--) {
        back.get(i).giveBack();
      }
    }
  }

  /** The attempt is over, except for messages to give back. */
  public record Done<K, V>(List<Delivery<K, V>> giveBack) implements Outcome<K, V> {

    private static final Done<?, ?> ALL = new Done<>(List.of());

    /** There is nothing to give back. */
    @SuppressWarnings("unchecked") // it contains no value of either type
    static <K, V> Done<K, V> all() {
      return (Done<K, V>) ALL;
    }
  }

  /**
   * Messages are to be tried again, after a delay. If the attempt has a {@link Attempt#letter}, it
   * is for a thread that does not count as a handler.
   */
  public record Again<K, V>(Attempt<K, V> next, Duration delay, List<Delivery<K, V>> giveBack)
      implements Outcome<K, V> {}

  /**
   * The loop must stop. The failure names the record; its cause is the exception as it was thrown.
   */
  public record Stop<K, V>(Exception failure) implements Outcome<K, V> {}

  /** The thread must stop, because the loop ends. This is not a failure. */
  public record Cancelled<K, V>() implements Outcome<K, V> {}

  /**
   * The largest number of dead letters that are being sent; an empirical compromise of memory and
   * speed.
   */
  private static final int LETTERS = 1000;

  private final String group;
  private final BatchFunction<K, V> handler;
  private final FailurePolicy policy;
  private final BooleanSupplier isCancelled;
  private final Consumer<? super Exception> report;
  private final @Nullable Breaker breaker;
  private final Semaphore letters = new Semaphore(LETTERS);

  /** Handling without a breaker. */
  public Handling(
      String group,
      BatchFunction<K, V> handler,
      FailurePolicy policy,
      BooleanSupplier isCancelled,
      Consumer<? super Exception> report) {
    this(group, handler, policy, isCancelled, report, null);
  }

  /**
   * Handling by a policy.
   *
   * @param group the consumer group
   * @param isCancelled whether the threads of the handlers must stop
   * @param report receives failures that the loop survives
   * @param breaker pauses the loop while the system behind the handler is down; null for none
   */
  public Handling(
      String group,
      BatchFunction<K, V> handler,
      FailurePolicy policy,
      BooleanSupplier isCancelled,
      Consumer<? super Exception> report,
      @Nullable Breaker breaker) {
    this.breaker = breaker;
    this.group = group;
    this.handler = handler;
    this.policy = policy;
    this.isCancelled = isCancelled;
    this.report = report;
  }

  /** Makes the attempt; settles the messages if it succeeds. Blocks. */
  public Outcome<K, V> run(Attempt<K, V> attempt) {
    DeadLetter letter = attempt.letter();
    return letter == null ? handle(attempt) : bury(attempt, letter);
  }

  private Outcome<K, V> handle(Attempt<K, V> attempt) {
    String stage = DeadLetter.DESERIALIZE;
    if (attempt.isRetry()) {
      attempt.first().observer().retried();
    }
    List<ProducerRecord<byte[], byte[]>> produced;
    try {
      attempt.forEach(Delivery::record); // keeps the deserialized record
      stage = DeadLetter.HANDLE;
      produced = handler.apply(attempt);
    } catch (Throwable e) {
      return failed(attempt, stage, e);
    }
    return settled(attempt, produced);
  }

  /** The handler has handled the messages: settles them. */
  public Outcome<K, V> handled(Attempt<K, V> attempt) {
    return settled(attempt, List.of());
  }

  /**
   * The handler has handled the messages, and produced outputs that must be committed with them:
   * settles the messages.
   *
   * @param produced serializes it; may block, and fail as a handler may
   */
  public Outcome<K, V> handled(
      Attempt<K, V> attempt, Supplier<List<ProducerRecord<byte[], byte[]>>> produced) {
    List<ProducerRecord<byte[], byte[]>> records;
    try {
      records = produced.get();
    } catch (Throwable e) {
      return failed(attempt, DeadLetter.HANDLE, e);
    }
    return settled(attempt, records);
  }

  private Outcome<K, V> settled(
      Attempt<K, V> attempt, List<ProducerRecord<byte[], byte[]>> produced) {
    if (breaker != null) {
      breaker.succeeded(attempt.first());
    }
    for (int i = 0; i < attempt.size(); i++) {
      settle(attempt.get(i), produced);
    }
    return Done.all();
  }

  private static void settle(
      Delivery<?, ?> message, List<ProducerRecord<byte[], byte[]>> produced) {
    message.settle(produced, null);
    message.observer().handled();
  }

  /**
   * An attempt has failed. Does not block.
   *
   * @param stage the stage that failed, as in {@link DeadLetter}
   */
  public Outcome<K, V> failed(Attempt<K, V> attempt, String stage, Throwable failure) {
    List<Delivery<K, V>> messages = attempt.messages();
    if (isCancelled.getAsBoolean() && failure instanceof Exception) {
      return new Cancelled<>();
    }
    if (failure instanceof DeserializersClosedException) { // the record is not to blame
      return new Cancelled<>();
    }
    if (failure instanceof BatchFailedException batch) {
      for (int i = 0; i < messages.size(); i++) {
        if (batch.names(messages.get(i).raw())) {
          return failedAt(i, attempt, stage, batch);
        }
      }
    }
    return failedAtFirst(attempt, stage, failure, messages.size() == 1, attempt.first());
  }

  /**
   * The messages before the failed one are handled. A message that fails for the first time has
   * used one attempt.
   */
  private Outcome<K, V> failedAt(
      int index, Attempt<K, V> attempt, String stage, BatchFailedException failure) {
    List<Delivery<K, V>> messages = attempt.messages();
    messages.subList(0, index).forEach(message -> settle(message, List.of()));
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    List<Delivery<K, V>> left = messages.subList(index, messages.size());
    return failedAtFirst(
        new Attempt<>(left, index == 0 ? attempt.number() : 1, null),
        stage,
        cause,
        true,
        attempt.first());
  }

  /**
   * Decides about messages that were not handled.
   *
   * @param isFirst whether the first message is known to be the cause
   * @param breaking the message that the attempt began with
   */
  private Outcome<K, V> failedAtFirst(
      Attempt<K, V> attempt, String stage, Throwable e, boolean isFirst, Delivery<K, V> breaking) {
    List<Delivery<K, V>> messages = attempt.messages();
    Delivery<K, V> first = messages.getFirst();
    String at = first.stageOr(stage);
    first.observer().failed(at);
    String what = isFirst ? at : "%s %d records, beginning with".formatted(at, messages.size());
    if (isFatal(e)) {
      return stop(attempt, what, "so that the loop stops, as the JVM or the program is broken", e);
    }
    Duration delay;
    try {
      if (breaker != null && breaker.failed(breaking, attempt.timesSpared(), e)) {
        return spared(attempt, what, breaker, e);
      }
      delay = policy.delayAfter(attempt.number(), e);
    } catch (Throwable thrown) { // thrown by the application's predicate or backoff
      return stopByRule(attempt, what, e, thrown);
    }
    if (delay != null) {
      report(
          attempt,
          RecordFailedException.repeated(
              first.raw(), what, attempt.number(), delay, inSpan(first), e));
      return new Again<>(attempt.next(messages), delay, List.of());
    }
    if (policy.deadLetters() == null) {
      return stop(
          attempt,
          what,
          ("no attempt is left and there are no dead letters, so that the loop stops (set retry(…),"
                  + " deadLetterTopic(…) or deadLetters(…); to skip the record, commit offset %d)")
              .formatted(first.raw().offset() + 1),
          e);
    }
    if (!isFirst) {
      String next = "each of them is tried by itself";
      report(attempt, RecordFailedException.last(first.raw(), what, attempt.number(), next, e));
      messages.forEach(Delivery::setAlone);
      return new Done<>(messages);
    }
    var letter = new DeadLetter(first.raw(), at, attempt.number(), e, group, first.span());
    String next;
    try {
      next = policy.deadLetters().fate(letter);
    } catch (Throwable thrown) { // thrown by the application's predicate
      return stopByRule(attempt, what, e, thrown);
    }
    report(attempt, RecordFailedException.last(first.raw(), what, attempt.number(), next, e));
    return new Again<>(
        new Attempt<>(List.of(first), 1, letter),
        Duration.ZERO,
        messages.subList(1, messages.size()));
  }

  /** The attempt is made again when the breaker lets it, and the failure does not count. */
  private Outcome<K, V> spared(Attempt<K, V> attempt, String what, Breaker breaks, Throwable e) {
    boolean isClosed = breaks.state() == LoopBreaker.State.CLOSED;
    Duration delay = isClosed ? policy.delay(attempt.timesSpared() + 1) : Duration.ZERO;
    Delivery<K, V> first = attempt.first();
    String hint = isClosed ? "" : " after the breaker is closed";
    hint += ", and this one uses no attempt" + inSpan(first);
    report(
        attempt,
        RecordFailedException.repeated(first.raw(), what, attempt.number(), delay, hint, e));
    return new Again<>(attempt.spared(), delay, List.of());
  }

  /** Stops the loop after an exception that no rule covers. The failure names the records. */
  public static <K, V> Outcome<K, V> broken(Attempt<K, V> attempt, Throwable e) {
    return new Stop<>(
        RecordFailedException.last(
            attempt.first().raw(), "see to", attempt.number(), "and the loop stops", e));
  }

  private static String inSpan(Delivery<?, ?> message) {
    String span = message.span();
    return span == null ? "" : " (span " + span + ")";
  }

  private Outcome<K, V> stopByRule(
      Attempt<K, V> attempt, String what, Throwable e, Throwable thrown) {
    return stop(
        attempt,
        what,
        "and the loop stops, as retryIf(…), the backoff or the breaker has thrown "
            + Brief.of(thrown),
        e,
        thrown);
  }

  private Outcome<K, V> stop(Attempt<K, V> attempt, String what, String then, Throwable e) {
    return stop(attempt, what, then, e, e);
  }

  private Outcome<K, V> stop(
      Attempt<K, V> attempt, String what, String then, Throwable e, Throwable second) {
    ConsumerRecord<byte[], byte[]> record = attempt.first().raw();
    return new Stop<>(
        RecordFailedException.last(
            record, what, attempt.number(), then + inSpan(attempt.first()), e, second));
  }

  /**
   * Whether the failure would hit the next record too, because the JVM or the program cannot be
   * trusted.
   */
  private static boolean isFatal(Throwable e) {
    return (e instanceof VirtualMachineError && !(e instanceof StackOverflowError))
        || e instanceof LinkageError;
  }

  private Outcome<K, V> bury(Attempt<K, V> attempt, DeadLetter letter) {
    Burial deadLetters = Objects.requireNonNull(policy.deadLetters());
    Delivery<K, V> message = attempt.first();
    try {
      Burial.Begun begun = send(deadLetters, message, letter);
      buried(message, begun.isRetry() ? null : deadLetters.last(letter), begun.produced());
      return Done.all();
    } catch (Throwable e) {
      Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
      return unburied(attempt, letter, cause);
    }
  }

  private Burial.Begun send(Burial deadLetters, Delivery<K, V> message, DeadLetter letter)
      throws Exception {
    letters.acquire();
    try {
      Burial.Begun begun = deadLetters.bury(letter);
      if (!begun
          .safe()
          .isDone()) { // otherwise the send has failed at once, for example for a missing topic
        message.leaveLane();
      }
      begun.safe().get();
      return begun;
    } finally {
      letters.release();
    }
  }

  private static void buried(
      Delivery<?, ?> message,
      @Nullable DeadLetter letter,
      List<ProducerRecord<byte[], byte[]>> produced) {
    message.settle(produced, letter);
    // otherwise the letter is safe when the transaction is committed
    if (letter != null && produced.isEmpty()) {
      message.observer().deadLettered(letter);
    }
  }

  private Outcome<K, V> unburied(Attempt<K, V> attempt, DeadLetter letter, Throwable e) {
    if (isCancelled.getAsBoolean() && e instanceof Exception) {
      return new Cancelled<>();
    }
    Delivery<K, V> message = attempt.first();
    String what = RecordFailedException.DEAD_LETTER;
    message.observer().failed(what);
    if (isFatal(e)) {
      return stop(attempt, what, "so that the loop stops, as the JVM or the program is broken", e);
    }
    Throwable thrown = e;
    if (Refusals.contains(e)) {
      switch (policy.refused()) {
        case RefusedLetters.Kept kept -> {}
        case RefusedLetters.Stopping stopping -> {
          return stop(attempt, what, "and the loop stops, as refusedLetters(…) says", e);
        }
        case RefusedLetters.Second(DeadLetters second) -> {
          try {
            DeadLetter last = Objects.requireNonNull(policy.deadLetters()).last(letter);
            second.begin(last).get();
            buried(message, last, List.of());
            return Done.all();
          } catch (Throwable again) { // the letter is kept
            if (isFatal(again)) {
              return stop(attempt, what, "and so did the second place", e, again);
            }
            thrown = again;
          }
        }
      }
    }
    Duration delay = policy.deadLetterDelay(attempt.number());
    report(
        attempt,
        RecordFailedException.repeated(
            letter.record(), what, attempt.number(), delay, Refusals.hint(e), thrown));
    return new Again<>(attempt.next(attempt.messages()), delay, List.of());
  }

  private void report(Attempt<K, V> attempt, RecordFailedException e) {
    attempt.messages().forEach(message -> message.failed(e));
    report.accept(e);
  }
}
