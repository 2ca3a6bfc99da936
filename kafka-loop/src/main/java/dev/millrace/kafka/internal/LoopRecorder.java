package dev.millrace.kafka.internal;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Counts what a loop does, and remembers its last events. Safe for use by many threads. */
public final class LoopRecorder implements ConsumerObserver {

  private final Latencies settleLatency = new Latencies(System::nanoTime);
  private final LongAdder settled = new LongAdder();
  private final LongAdder handled = new LongAdder();
  private final Map<String, LongAdder> failures =
      Map.of(
          DeadLetter.DESERIALIZE,
          new LongAdder(),
          DeadLetter.HANDLE,
          new LongAdder(),
          RecordFailedException.DEAD_LETTER,
          new LongAdder());
  private final LongAdder retries = new LongAdder();
  private final LongAdder deadLetters = new LongAdder();
  private final LongAdder rebalances = new LongAdder();
  private final LongAdder commits = new LongAdder();
  private final LongAdder commitFailures = new LongAdder();
  private final Deque<LoopEvent> recent = new ArrayDeque<>();

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
        public void retried() {
          retries.increment();
        }

        @Override
        public void deadLettered() {
          deadLetters.increment();
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

  /** Remembers an event, and forgets the oldest of too many. */
  public void add(LoopEvent event) {
    synchronized (recent) {
      recent.addFirst(event);
      if (recent.size() > LoopStatus.RECENT) {
        recent.removeLast();
      }
    }
  }

  /** The last events, the newest first. */
  public List<LoopEvent> recent() {
    synchronized (recent) {
      return List.copyOf(recent);
    }
  }

  /** What was done so far. */
  public LoopFigures figures() {
    return new LoopFigures(
        settled.sum(),
        handled.sum(),
        failures.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, one -> one.getValue().sum())),
        retries.sum(),
        deadLetters.sum(),
        rebalances.sum(),
        commits.sum(),
        commitFailures.sum(),
        settleLatency.now());
  }
}
