package dev.millrace.kafka.internal.status;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.internal.report.ConsumerFlight;
import dev.millrace.kafka.internal.report.FailureLog;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.text.Logs;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Counts the work of a loop, and publishes its events. Thread-safe. */
public final class LoopRecorder implements ConsumerObserver {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  private static final int EVENTS = 1000;

  private static final Comparator<PartitionStatus> BY_NAME =
      Comparator.comparing((PartitionStatus one) -> one.partition().topic())
          .thenComparingInt(one -> one.partition().partition());

  private final Latencies settleLatency = new Latencies(Time::nanoTime);
  private final LongAdder settled = new LongAdder();
  private final LongAdder handled = new LongAdder();
  private final Map<String, LongAdder> failures =
      Map.of(
          DeadLetter.FETCH,
          new LongAdder(),
          DeadLetter.DESERIALIZE,
          new LongAdder(),
          DeadLetter.HANDLE,
          new LongAdder(),
          RecordFailedException.DEAD_LETTER,
          new LongAdder());
  private final LongAdder retries = new LongAdder();
  private final Bounded<LongAdder> deadLetters = new Bounded<>(reason -> new LongAdder());
  private final FailureLog log = new FailureLog();
  private final LongAdder skipped = new LongAdder();
  private final LongAdder rebalances = new LongAdder();
  private final LongAdder commits = new LongAdder();
  private final LongAdder commitFailures = new LongAdder();
  private final LongAdder newHistories = new LongAdder();
  private final Deque<LoopEvent> recent = new ArrayDeque<>();
  private boolean hasReceiver; // guarded by recent
  private boolean ended; // guarded by recent
  private final Channel<LoopEvent> events = Channel.dropOldest(EVENTS);

  private final PartitionObserver partition =
      new PartitionObserver() {
        @Override
        public void settled(long nanoseconds) {
          settled.increment();
          settleLatency.record(nanoseconds);
        }

        @Override
        public void handled() {
          handled.increment();
        }

        @Override
        public void failed(String stage) {
          LongAdder known = failures.get(stage);
          if (known != null) {
            known.increment();
          }
        }

        @Override
        public void skipped(long records) {
          skipped.add(records);
        }

        @Override
        public void retried() {
          retries.increment();
        }

        @Override
        public void deadLettered(DeadLetter letter) {
          deadLetters.of(letter.reason()).increment();
          ConsumerFlight.deadLettered(letter);
          log.deadLettered(letter);
          add(new LoopEvent.DeadLettered(Time.now(), letter));
        }
      };

  @Override
  public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    return partition;
  }

  @Override
  public void rebalanced(String group, Notification change) {
    rebalances.increment();
  }

  @Override
  public void committed(String group, Duration took) {
    commits.increment();
  }

  @Override
  public void commitFailed(String group, Exception failure) {
    commitFailures.increment();
  }

  @Override
  public void newHistory(String group, NewHistoryException history) {
    newHistories.increment();
  }

  /** The loop has survived a failure. */
  public void survived(Exception error) {
    add(new LoopEvent.Failed(Time.now(), error));
  }

  /** The breaker has changed its state. */
  public void breaker(LoopBreaker.State state, String why) {
    var event = new LoopEvent.BreakerChanged(Time.now(), state, why);
    LOG.atLevel(state == LoopBreaker.State.OPEN ? Level.WARN : Level.INFO).log(event.text());
    add(event);
  }

  /** Partitions were assigned or revoked. */
  public void rebalanced(Notification change) {
    add(new LoopEvent.Rebalanced(Time.now(), change));
  }

  /**
   * An event keeps the references of its exception, for example a record. So events go to the
   * channel only if there is a receiver.
   */
  private void add(LoopEvent event) {
    synchronized (recent) {
      recent.addFirst(event);
      if (recent.size() > LoopStatus.RECENT) {
        recent.removeLast();
      }
      if (hasReceiver && !ended) {
        events.trySend(event);
      }
    }
  }

  private List<LoopEvent> recent() {
    synchronized (recent) {
      return List.copyOf(recent);
    }
  }

  /**
   * The events as a channel that drops the oldest. The first call starts with the recent events.
   */
  public ReceiveChannel<LoopEvent> events() {
    synchronized (recent) {
      if (!hasReceiver) {
        hasReceiver = true;
        recent.reversed().forEach(events::trySend);
        if (ended) {
          events.close();
        }
      }
    }
    return events;
  }

  /** Ends the events. */
  public void end() {
    synchronized (recent) {
      ended = true;
      if (hasReceiver) {
        events.close();
      }
    }
  }

  /** The status of a loop. */
  public LoopStatus status(ConsumerSettings<?, ?> settings, Gate gate, Loop loop) {
    return new LoopStatus(
        settings.group(),
        Objects.requireNonNullElse(settings.property("client.id"), "").toString(),
        settings.subscription(),
        gate.concurrency(),
        loop.health(),
        figures(),
        loop.partitions().stream().sorted(BY_NAME).toList(),
        recent(),
        gate.rate(),
        settings.hotKeys == null ? List.of() : settings.hotKeys.top());
  }

  private LoopFigures figures() {
    Map<String, Long> byReason = new HashMap<>();
    deadLetters.all().forEach((reason, count) -> byReason.put(reason, count.sum()));
    return new LoopFigures(
        settled.sum(),
        handled.sum(),
        failures.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, one -> one.getValue().sum())),
        retries.sum(),
        byReason.values().stream().mapToLong(one -> one).sum(),
        byReason,
        rebalances.sum(),
        commits.sum(),
        commitFailures.sum(),
        settleLatency.now(),
        newHistories.sum(),
        skipped.sum());
  }
}
