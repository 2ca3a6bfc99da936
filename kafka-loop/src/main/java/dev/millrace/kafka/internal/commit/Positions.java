package dev.millrace.kafka.internal.commit;

import dev.millrace.kafka.Reading;
import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.time.Duration;
import java.util.Collection;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;

/** Gives the positions to the application, instead of committing them. For the poll thread only. */
public final class Positions<K, V> implements CommitStrategy<K, V> {

  private final Reading reading;
  private final CommitTimer<K, V> timer;
  private final Consumer<? super Exception> onError;

  /** Gives positions to the listener of the reading. */
  public Positions(
      Reading reading, ConsumerSettings<K, V> settings, Consumer<? super Exception> onError) {
    this.reading = reading;
    this.timer = new CommitTimer<>(settings);
    this.onError = onError;
  }

  @Override
  public Duration untilDue() {
    return timer.untilDue();
  }

  @Override
  public void commitIfDue(Collection<Partition<K, V>> partitions) {
    if (timer.isDue(partitions, partition -> false)) {
      timer.begin();
      boolean _ = commitNow(partitions, Duration.ZERO);
    }
  }

  @Override
  public boolean commitNow(Collection<Partition<K, V>> partitions, Duration timeout) {
    boolean failing = false;
    for (Partition<K, V> partition : partitions) {
      Commit<K, V> commit = partition.commits().toCommit();
      if (commit != null) {
        try {
          if (!partition.commits().isCommitted(commit.offset())) {
            reading.listener().accept(partition.name(), commit.offset());
          }
          partition.commits().committed(commit);
        } catch (RuntimeException e) { // thrown by the application
          failing = true;
          onError.accept(
              new KafkaException(
                  "onPosition(…) has thrown for %s at offset %d, and is called again"
                      .formatted(partition.name(), commit.offset()),
                  e));
        }
      }
    }
    timer.failing(failing);
    return true;
  }
}
