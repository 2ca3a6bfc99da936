package dev.millrace.kafka.internal;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RecordHandler;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Handles messages: deserialize, handle, and when that fails what the policy says. Knows nothing of
 * threads, and waits for nobody but the handler and the dead letters.
 *
 * <p>Safe for use by many threads.
 */
public final class Handling<K, V> {

  /**
   * One attempt at a message.
   *
   * @param number which one it is, from 1; for a letter, which attempt to get rid of it
   * @param letter not null if handling it is over, and it is to go to the dead letters
   */
  public record Attempt<K, V>(Message<K, V> message, int number, @Nullable DeadLetter letter) {

    /** The first attempt. */
    public static <K, V> Attempt<K, V> first(Message<K, V> message) {
      return new Attempt<>(message, 1, null);
    }
  }

  /** What an attempt has led to. */
  public sealed interface Outcome<K, V> {}

  /** The message is settled. */
  public record Settled<K, V>() implements Outcome<K, V> {}

  /** The message is to be tried again, after a delay. */
  public record Again<K, V>(Attempt<K, V> next, Duration delay) implements Outcome<K, V> {}

  /** The loop must stop. */
  public record Stop<K, V>(Throwable cause) implements Outcome<K, V> {}

  /** The thread was told to stop; that is no failure. */
  public record Cancelled<K, V>() implements Outcome<K, V> {}

  private final RecordHandler<K, V> handler;
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
      RecordHandler<K, V> handler,
      FailurePolicy policy,
      BooleanSupplier isCancelled,
      Consumer<? super Exception> report) {
    this.handler = handler;
    this.policy = policy;
    this.isCancelled = isCancelled;
    this.report = report;
  }

  /** Makes the attempt; settles the message if it succeeds. */
  public Outcome<K, V> run(Attempt<K, V> attempt) {
    return attempt.letter() == null ? handle(attempt) : bury(attempt);
  }

  private Outcome<K, V> handle(Attempt<K, V> attempt) {
    Message<K, V> message = attempt.message();
    String stage = DeadLetter.DESERIALIZE;
    if (attempt.number() > 1) {
      observer(message).retried();
    }
    try {
      ConsumerRecord<K, V> record = message.record();
      stage = DeadLetter.HANDLE;
      handler.handle(record);
    } catch (Throwable e) {
      return failed(attempt, stage, e);
    }
    return handled(message);
  }

  /** The handler has handled it. */
  public Outcome<K, V> handled(Message<K, V> message) {
    message.settle();
    observer(message).handled();
    return new Settled<>();
  }

  /**
   * An attempt has failed; may wait for the dead letters.
   *
   * @param stage at what, as {@link DeadLetter} has it
   */
  public Outcome<K, V> failed(Attempt<K, V> attempt, String stage, Throwable failure) {
    boolean isError = !(failure instanceof Exception);
    if (!isError && isCancelled.getAsBoolean()) {
      return new Cancelled<>();
    }
    observer(attempt.message()).failed(stage);
    return isError ? new Stop<>(failure) : next(attempt, stage, (Exception) failure);
  }

  private Outcome<K, V> next(Attempt<K, V> attempt, String stage, Exception e) {
    int number = attempt.number();
    ConsumerRecord<byte[], byte[]> raw = attempt.message().raw();
    Duration delay = policy.delayAfter(number, e);
    if (delay != null) {
      report(attempt, new RecordFailedException(raw, stage, number, next(delay), e));
      return new Again<>(new Attempt<>(attempt.message(), number + 1, null), delay);
    }
    if (policy.deadLetters() == null) {
      return new Stop<>(e);
    }
    return bury(new Attempt<>(attempt.message(), 1, new DeadLetter(raw, stage, number, e)));
  }

  private Outcome<K, V> bury(Attempt<K, V> attempt) {
    DeadLetters deadLetters = Objects.requireNonNull(policy.deadLetters());
    DeadLetter letter = Objects.requireNonNull(attempt.letter());
    PartitionObserver observer = observer(attempt.message());
    int number = attempt.number();
    try {
      deadLetters.accept(letter);
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
      return new Again<>(new Attempt<>(attempt.message(), number + 1, letter), delay);
    }
    attempt.message().settle();
    observer.deadLettered();
    return new Settled<>();
  }

  private static PartitionObserver observer(Message<?, ?> message) {
    return message instanceof Delivery<?, ?> delivery
        ? delivery.observer()
        : PartitionObserver.NONE;
  }

  private void report(Attempt<K, V> attempt, RecordFailedException e) {
    if (attempt.message() instanceof Delivery<K, V> delivery) {
      delivery.failed(e);
    }
    report.accept(e);
  }

  private static String next(Duration delay) {
    return "the next is in " + delay.toMillis() + " ms";
  }
}
