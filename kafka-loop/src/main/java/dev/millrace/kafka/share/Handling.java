package dev.millrace.kafka.share;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.serde.DeserializersClosedException;
import dev.millrace.kafka.internal.serde.Turnstile;
import dev.millrace.kafka.internal.settings.Burial;
import dev.millrace.kafka.internal.settings.FailurePolicy;
import dev.millrace.kafka.internal.settings.Refusals;
import dev.millrace.kafka.internal.settings.ShareSettings;
import dev.millrace.kafka.internal.text.Brief;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Handles records of a share group: deserializes them, calls the handler, and decides about
 * failures. It starts no threads. Thread-safe.
 */
/*
 * A failed record goes through three phases. First it is attempted again here, under the same lock.
 * Then it is released, and delivered again. Finally it becomes a dead letter, is rejected, or stops
 * the loop.
 * A dead letter is safe before the record is accepted. So a crash in between gives a second letter,
 * and loses nothing.
 */
final class Handling<K, V> {

  private final String group;
  private final RecordHandler<K, V> handler;
  private final Deserialization<K, V> deserialization;
  private final FailurePolicy policy;
  private final ShareSettings settings;
  private final BooleanSupplier isCancelled;
  private final Consumer<? super Exception> report;

  /**
   * Handling by a policy.
   *
   * @param isCancelled whether the threads of the handlers must stop
   * @param report receives failures that the loop survives
   */
  Handling(
      String group,
      RecordHandler<K, V> handler,
      Deserialization<K, V> deserialization,
      FailurePolicy policy,
      ShareSettings settings,
      BooleanSupplier isCancelled,
      Consumer<? super Exception> report) {
    this.group = group;
    this.handler = handler;
    this.deserialization = deserialization;
    this.policy = policy;
    this.settings = settings;
    this.isCancelled = isCancelled;
    this.report = report;
  }

  /** Makes one attempt. Blocks. */
  Step handle(HeldRecord<K, V> held) {
    held.attempts++;
    if (held.attempts > 1) {
      held.share.observer().retried();
    }
    String stage = DeadLetter.DESERIALIZE;
    try {
      ConsumerRecord<K, V> record = record(held);
      if (!held.isLocked()) { // a deserializer may be slow, and wait for others
        held.attempts--;
        return new Step.Late();
      }
      stage = DeadLetter.HANDLE;
      handler.handle(record);
    } catch (Throwable e) {
      return failed(held, stage, e);
    }
    held.share.observer().handled();
    return new Step.Finish(AcknowledgeType.ACCEPT);
  }

  private ConsumerRecord<K, V> record(HeldRecord<K, V> held) throws InterruptedException {
    ConsumerRecord<K, V> known = held.record;
    if (known == null) {
      Turnstile turnstile = deserialization.turnstile();
      turnstile.enter();
      try {
        known = deserialization.apply(held.raw());
      } finally {
        turnstile.leave();
      }
      held.record = known;
    }
    return known;
  }

  private Step failed(HeldRecord<K, V> held, String stage, Throwable e) {
    if ((isCancelled.getAsBoolean() && e instanceof Exception)
        || e instanceof DeserializersClosedException) {
      return new Step.Cancelled();
    }
    held.share.observer().failed(stage);
    if (isFatal(e)) {
      return stop(held, stage, "so that the loop stops, as the JVM or the program is broken", e);
    }
    Duration delay;
    boolean again;
    try {
      delay = policy.delayAfter(held.attempts, e);
      again = delay == null && mayBeReleased(held) && policy.retryable().test(e);
    } catch (Throwable thrown) { // thrown by the application's predicate or backoff
      String then = "and the loop stops, as retryIf(…) or the backoff has thrown ";
      return stop(held, stage, then + Brief.of(thrown), e, thrown);
    }
    if (delay != null) {
      report.accept(RecordFailedException.repeated(held.raw(), stage, held.attempts, delay, e));
      return new Step.Again(delay);
    }
    return again ? release(held, stage, e) : givenUp(held, stage, e);
  }

  private boolean mayBeReleased(HeldRecord<K, V> held) {
    return held.delivery() < settings.deliveries;
  }

  private Step release(HeldRecord<K, V> held, String stage, Throwable e) {
    String next =
        "it is released, and its next delivery is number %d of %d"
            .formatted(held.delivery() + 1, settings.deliveries);
    report.accept(RecordFailedException.last(held.raw(), stage, held.attempts, next, e));
    return new Step.Finish(AcknowledgeType.RELEASE);
  }

  private Step givenUp(HeldRecord<K, V> held, String stage, Throwable e) {
    if (policy.deadLetters() != null) {
      String next = "it becomes a dead letter";
      report.accept(RecordFailedException.last(held.raw(), stage, held.attempts, next, e));
      var letter = new DeadLetter(held.raw(), stage, held.attempts, e, group, null);
      return new Step.Bury(letter, 1, Duration.ZERO);
    }
    if (settings.rejects) {
      String next = "it is rejected, and the broker delivers it no more";
      report.accept(RecordFailedException.last(held.raw(), stage, held.attempts, next, e));
      return new Step.Finish(AcknowledgeType.REJECT);
    }
    return stop(
        held,
        stage,
        ("no attempt is left and there are no dead letters, so that the loop stops (set retry(…),"
                + " redeliver(…), deadLetterTopic(…), deadLetters(…) or rejectFailed()); it was"
                + " delivery %d of the record, which will be delivered again")
            .formatted(held.delivery()),
        e);
  }

  /** Sends a letter; the record is finished when the letter is safe. Blocks. */
  Step bury(HeldRecord<K, V> held, Step.Bury bury) {
    Burial deadLetters = Objects.requireNonNull(policy.deadLetters());
    try {
      deadLetters.bury(bury.letter()).safe().get();
    } catch (Throwable e) {
      Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
      return unburied(held, bury, cause);
    }
    return buried(held, deadLetters.last(bury.letter()));
  }

  private Step buried(HeldRecord<K, V> held, DeadLetter letter) {
    held.share.observer().deadLettered(letter);
    return new Step.Finish(AcknowledgeType.ACCEPT);
  }

  private Step unburied(HeldRecord<K, V> held, Step.Bury bury, Throwable e) {
    if (isCancelled.getAsBoolean() && e instanceof Exception) {
      return new Step.Cancelled();
    }
    String what = RecordFailedException.DEAD_LETTER;
    held.share.observer().failed(what);
    if (isFatal(e)) {
      return stop(held, what, "so that the loop stops, as the JVM or the program is broken", e);
    }
    Throwable thrown = e;
    if (Refusals.contains(e)) {
      switch (policy.refused()) {
        case RefusedLetters.Kept kept -> {}
        case RefusedLetters.Stopping stopping -> {
          return stop(held, what, "and the loop stops, as refusedLetters(…) says", e);
        }
        case RefusedLetters.Second(DeadLetters second) -> {
          Throwable again = sendTo(second, bury.letter());
          if (again == null) {
            return buried(held, bury.letter());
          }
          thrown = again;
        }
      }
    }
    Duration delay = policy.deadLetterDelay(bury.attempt());
    String hint = Refusals.hint(e);
    report.accept(
        RecordFailedException.repeated(held.raw(), what, bury.attempt(), delay, hint, thrown));
    return new Step.Bury(bury.letter(), bury.attempt() + 1, delay);
  }

  /** Puts the letter into a second place; null if it is safe there. */
  private static @Nullable Throwable sendTo(DeadLetters second, DeadLetter letter) {
    try {
      second.begin(letter).get();
      return null;
    } catch (Throwable e) { // the letter is kept
      return e;
    }
  }

  private static Step stop(HeldRecord<?, ?> held, String what, String then, Throwable e) {
    return stop(held, what, then, e, e);
  }

  private static Step stop(
      HeldRecord<?, ?> held, String what, String then, Throwable e, Throwable second) {
    return new Step.Stop(
        RecordFailedException.last(held.raw(), what, held.attempts, then, e, second));
  }

  /** Whether the failure would hit the next record too. */
  private static boolean isFatal(Throwable e) {
    return (e instanceof VirtualMachineError && !(e instanceof StackOverflowError))
        || e instanceof LinkageError;
  }
}
