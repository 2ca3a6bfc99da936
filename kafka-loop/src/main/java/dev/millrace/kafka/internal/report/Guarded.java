package dev.millrace.kafka.internal.report;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.internal.text.Brief;
import dev.millrace.kafka.internal.text.Logs;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls listeners and observers of the application. An exception that they throw is logged at warn,
 * and the loop goes on. Errors of the JVM itself, such as {@code OutOfMemoryError}, are thrown on.
 * Thread-safe.
 */
public final class Guarded {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  private static final FailureLog FAILURES = new FailureLog();

  private Guarded() {}

  /**
   * Calls a listener.
   *
   * @param name the name of the listener in the API
   */
  public static void run(String name, Runnable listener) {
    try {
      listener.run();
    } catch (Throwable e) {
      thrown(name, e);
    }
  }

  /**
   * Reports a failure to a listener. If the listener throws, both failures are in one line.
   *
   * @param name the name of the listener in the API
   */
  public static void tell(String name, Consumer<? super Exception> listener, Exception failure) {
    try {
      listener.accept(failure);
    } catch (Throwable e) {
      thrown(name, "; it was called with: " + Brief.of(failure), e);
    }
  }

  /**
   * Asks a predicate; false if it throws.
   *
   * @param name the name of the predicate in the API
   */
  public static <T> boolean test(String name, Predicate<? super T> predicate, T value) {
    try {
      return predicate.test(value);
    } catch (Throwable e) {
      thrown(name, e);
      return false;
    }
  }

  private static void thrown(String name, Throwable e) {
    thrown(name, "", e);
  }

  private static void thrown(String name, String about, Throwable e) {
    String both = Brief.of(e) + about;
    if (e instanceof VirtualMachineError error && !(e instanceof StackOverflowError)) {
      LOG.error("{} has thrown, and the loop ends: {}", name, both);
      throw error;
    }
    FAILURES.warn(LOG, name + " has thrown, which changes nothing: " + both, e);
  }

  /** An observer that calls the given one, and never throws. */
  public static ConsumerObserver observer(ConsumerObserver observer) {
    return observer == ConsumerObserver.NONE ? observer : new Consumers(observer);
  }

  private record Consumers(ConsumerObserver observer) implements ConsumerObserver {

    private static final String NAME = "observer(…)";

    @Override
    public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
      try {
        return new Partitions(observer.assigned(group, status));
      } catch (Throwable e) {
        thrown(NAME, e);
        return PartitionObserver.NONE;
      }
    }

    @Override
    public void rebalanced(String group, Notification change) {
      run(NAME, () -> observer.rebalanced(group, change));
    }

    @Override
    public void committed(String group, Duration took) {
      run(NAME, () -> observer.committed(group, took));
    }

    @Override
    public void commitFailed(String group, Exception failure) {
      run(NAME, () -> observer.commitFailed(group, failure));
    }

    @Override
    public void newHistory(String group, NewHistoryException history) {
      run(NAME, () -> observer.newHistory(group, history));
    }
  }

  /** Without lambdas, because these methods are called for each record. */
  private record Partitions(PartitionObserver observer) implements PartitionObserver {

    private static final String NAME = "the observer of a partition";

    @Override
    public void settled(long nanoseconds) {
      try {
        observer.settled(nanoseconds);
      } catch (Throwable e) {
        thrown(NAME, e);
      }
    }

    @Override
    public void handled() {
      try {
        observer.handled();
      } catch (Throwable e) {
        thrown(NAME, e);
      }
    }

    @Override
    public void failed(String stage) {
      run(NAME, () -> observer.failed(stage));
    }

    @Override
    public void retried() {
      run(NAME, observer::retried);
    }

    @Override
    public void skipped(long records) {
      run(NAME, () -> observer.skipped(records));
    }

    @Override
    public void deadLettered(DeadLetter letter) {
      run(NAME, () -> observer.deadLettered(letter));
    }

    @Override
    public void released() {
      run(NAME, observer::released);
    }
  }
}
