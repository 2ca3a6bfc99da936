package dev.millrace.kafka.internal;

import dev.millrace.kafka.BatchFailedException;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.RecordFailedException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Handles messages: deserialize, handle, and when that fails what the policy says. Knows nothing of
 * threads, and waits for nobody but the handler and the dead letters.
 *
 * <p>Safe for use by many threads.
 */
/*
 * A batch is tried as a whole, as often as the policy says. Then it is taken apart, if its records are to
 * go to the dead letters: each is given back, to be handled by itself, and by the same policy, so that one
 * does not take its neighbours with it. A batch that names the record that has failed is cut before that one,
 * which then counts its own attempts; those behind it stay with it while there are any, and are given
 * back when there are not. Giving back, and not handling what is left in place, keeps the order where
 * there is one, and nobody waiting where there is none.
 */
public final class Handling<K, V> {

  /** What an attempt has led to. */
  public sealed interface Outcome<K, V> {

    /** What was taken and is to be given back, in order, once the attempt has ended. */
    default List<Delivery<K, V>> giveBack() {
      return List.of();
    }

    /** Gives those back: the first of them is the next then. */
    default void release() {
      List<Delivery<K, V>> back = giveBack();
      for (int i = back.size() - 1; i >= 0; i--) {
        back.get(i).giveBack();
      }
    }
  }

  /** Nothing is left to do for the messages, but for those to give back. */
  public record Done<K, V>(List<Delivery<K, V>> giveBack) implements Outcome<K, V> {

    private static final Done<?, ?> ALL = new Done<>(List.of());

    /** There is nothing to give back. */
    @SuppressWarnings("unchecked") // it has nothing of either type
    static <K, V> Done<K, V> all() {
      return (Done<K, V>) ALL;
    }
  }

  /** Messages are to be tried again, after a delay. */
  public record Again<K, V>(Attempt<K, V> next, Duration delay, List<Delivery<K, V>> giveBack)
      implements Outcome<K, V> {}

  /** The loop must stop. */
  public record Stop<K, V>(Throwable cause) implements Outcome<K, V> {}

  /** The thread was told to stop; that is no failure. */
  public record Cancelled<K, V>() implements Outcome<K, V> {}

  private final BatchFunction<K, V> handler;
  private final FailurePolicy policy;
  private final BooleanSupplier isCancelled;
  private final Consumer<? super Exception> report;

  /**
   * Handling by a policy.
   *
   * @param isCancelled whether the threads that handle have been told to stop
   * @param report gets failures that are survived
   */
  public Handling(
      BatchFunction<K, V> handler,
      FailurePolicy policy,
      BooleanSupplier isCancelled,
      Consumer<? super Exception> report) {
    this.handler = handler;
    this.policy = policy;
    this.isCancelled = isCancelled;
    this.report = report;
  }

  /** Makes the attempt; settles the messages if it succeeds. */
  public Outcome<K, V> run(Attempt<K, V> attempt) {
    return attempt.letter() == null ? handle(attempt) : bury(attempt, List.of());
  }

  private Outcome<K, V> handle(Attempt<K, V> attempt) {
    String stage = DeadLetter.DESERIALIZE;
    if (attempt.number() > 1) {
      attempt.first().observer().retried();
    }
    List<ProducerRecord<byte[], byte[]>> produced;
    try {
      attempt.forEach(Delivery::record); // remembers it
      stage = DeadLetter.HANDLE;
      produced = handler.apply(attempt);
    } catch (Throwable e) {
      return failed(attempt, stage, e);
    }
    return settled(attempt, produced);
  }

  /** The handler has handled it: settles the messages. */
  public Outcome<K, V> handled(Attempt<K, V> attempt) {
    return settled(attempt, List.of());
  }

  /**
   * The handler has handled it, and produced something, which is to be committed with it: settles
   * the messages.
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
    for (int i = 0; i < attempt.size(); i++) {
      settle(attempt.get(i), produced);
    }
    return Done.all();
  }

  private static void settle(
      Delivery<?, ?> message, List<ProducerRecord<byte[], byte[]>> produced) {
    message.settle(produced, false);
    message.observer().handled();
  }

  /**
   * An attempt has failed; may wait for the dead letters.
   *
   * @param stage at what, as {@link DeadLetter} has it
   */
  public Outcome<K, V> failed(Attempt<K, V> attempt, String stage, Throwable failure) {
    List<Delivery<K, V>> messages = attempt.messages();
    if (!(failure instanceof Exception e)) {
      messages.getFirst().observer().failed(stage);
      return new Stop<>(failure);
    }
    if (isCancelled.getAsBoolean()) {
      return new Cancelled<>();
    }
    if (e instanceof BatchFailedException batch) {
      for (int i = 0; i < messages.size(); i++) {
        if (batch.names(messages.get(i).raw())) {
          return failedAt(i, attempt, stage, batch);
        }
      }
    }
    return failedAtFirst(attempt, stage, e, messages.size() == 1);
  }

  /** Those before are handled; one that has not failed before has used one attempt. */
  private Outcome<K, V> failedAt(
      int index, Attempt<K, V> attempt, String stage, BatchFailedException failure) {
    List<Delivery<K, V>> messages = attempt.messages();
    messages.subList(0, index).forEach(message -> settle(message, List.of()));
    if (failure.getCause() instanceof Error error) {
      messages.get(index).observer().failed(stage);
      return new Stop<>(error);
    }
    Exception cause = failure.getCause() instanceof Exception known ? known : failure;
    List<Delivery<K, V>> left = messages.subList(index, messages.size());
    return failedAtFirst(
        new Attempt<>(left, index == 0 ? attempt.number() : 1, null), stage, cause, true);
  }

  /**
   * What becomes of messages that were not handled.
   *
   * @param isFirst whether it is known to be the fault of the first one
   */
  private Outcome<K, V> failedAtFirst(
      Attempt<K, V> attempt, String stage, Exception e, boolean isFirst) {
    int number = attempt.number();
    List<Delivery<K, V>> messages = attempt.messages();
    Delivery<K, V> first = messages.getFirst();
    first.observer().failed(stage);
    Duration delay = policy.delayAfter(number, e);
    String what =
        isFirst ? stage : "%s %d records, beginning with".formatted(stage, messages.size());
    if (delay != null) {
      report(attempt, new RecordFailedException(first.raw(), what, number, next(delay), e));
      return new Again<>(attempt.next(messages), delay, List.of());
    }
    if (policy.deadLetters() == null) {
      return new Stop<>(e);
    }
    if (!isFirst) {
      String next = "each of them is tried by itself";
      report(attempt, new RecordFailedException(first.raw(), what, number, next, e));
      messages.forEach(Delivery::setAlone);
      return new Done<>(messages);
    }
    var letter = new DeadLetter(first.raw(), stage, number, e);
    return bury(new Attempt<>(List.of(first), 1, letter), messages.subList(1, messages.size()));
  }

  private Outcome<K, V> bury(Attempt<K, V> attempt, List<Delivery<K, V>> giveBack) {
    Burial deadLetters = Objects.requireNonNull(policy.deadLetters());
    DeadLetter letter = Objects.requireNonNull(attempt.letter());
    Delivery<K, V> message = attempt.messages().getFirst();
    PartitionObserver observer = message.observer();
    int number = attempt.number();
    List<ProducerRecord<byte[], byte[]>> produced;
    try {
      produced = deadLetters.bury(letter);
    } catch (Error e) {
      observer.failed(RecordFailedException.DEAD_LETTER);
      return new Stop<>(e);
    } catch (Exception e) {
      if (isCancelled.getAsBoolean()) {
        return new Cancelled<>();
      }
      observer.failed(RecordFailedException.DEAD_LETTER);
      Duration delay = policy.deadLetterDelay(number);
      report(
          attempt,
          new RecordFailedException(
              letter.record(), RecordFailedException.DEAD_LETTER, number, next(delay), e));
      return new Again<>(attempt.next(attempt.messages()), delay, giveBack);
    }
    message.settle(produced, true);
    if (produced.isEmpty()) { // or it is safe when that is committed
      observer.deadLettered();
    }
    return new Done<>(giveBack);
  }

  private void report(Attempt<K, V> attempt, RecordFailedException e) {
    attempt.messages().forEach(message -> message.failed(e));
    report.accept(e);
  }

  /** When there will be another attempt. */
  static String next(Duration delay) {
    return "the next is in " + delay.toMillis() + " ms";
  }
}
