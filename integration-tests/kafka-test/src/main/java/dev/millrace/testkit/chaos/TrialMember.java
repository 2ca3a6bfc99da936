package dev.millrace.testkit.chaos;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** A loop that stands for a process of a group. Thread-safe. */
final class TrialMember<K, V> {

  final String name;
  private final TrialTopic topic;
  private final TrialConsumer consumer;
  private final Loop loop;
  private final CancellableContext context = Context.background().withCancel();
  private final FutureTask<Boolean> task = new FutureTask<>(this::runLoop);
  private final AtomicLong epochs = new AtomicLong();
  private volatile boolean dead;

  /**
   * A member that does not run yet.
   *
   * @param settings completes the builder, with the handler that it is given
   */
  TrialMember(
      String name,
      TrialTopic topic,
      RecordHandler<K, V> handler,
      Consumer<DeadLetter> letters,
      Function<RecordHandler<K, V>, LoopBuilder<K, V, ?>> settings) {
    this.name = name;
    this.topic = topic;
    this.consumer = new TrialConsumer(name, topic);
    LoopBuilder<K, V, ?> builder = settings.apply(record -> handle(handler, record));
    this.loop =
        builder
            .properties(
                Map.of("bootstrap.servers", "localhost:1", "group.id", "trial", "client.id", name))
            .topics(TrialTopic.NAME)
            .observer(observer())
            .deadLetters(letter -> bury(letter, letters))
            .onError(this::survived)
            .onNotification(change -> {})
            .consumer(properties -> consumer)
            .build();
  }

  void start() {
    Thread.ofPlatform().daemon().name("trial-" + name).start(task);
  }

  private boolean runLoop() throws Exception {
    loop.run(context);
    return true;
  }

  private void handle(RecordHandler<K, V> handler, ConsumerRecord<K, V> record) throws Exception {
    tell(Kind.START, record.partition(), record.offset(), -1, "" + record.key());
    try {
      handler.handle(record);
    } catch (Throwable e) {
      tell(Kind.FAILED, record.partition(), record.offset(), -1, "" + record.key());
      throw e;
    }
    tell(Kind.END, record.partition(), record.offset(), -1, "" + record.key());
  }

  private void bury(DeadLetter letter, Consumer<DeadLetter> letters) {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    letters.accept(letter);
    tell(Kind.LETTER, record.partition(), record.offset(), -1, "");
  }

  private void survived(Exception error) {
    synchronized (topic) {
      if (!dead) {
        topic.event(name, Kind.SURVIVED, -1, -1, -1, "", error.toString());
      }
    }
  }

  private void tell(Kind kind, int partition, long offset, long epoch, String key) {
    synchronized (topic) { // a killed process logs nothing
      if (!dead) {
        topic.event(name, kind, partition, offset, epoch, key, "");
      }
    }
  }

  private ConsumerObserver observer() {
    return new ConsumerObserver() {
      @Override
      public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
        long epoch = epochs.incrementAndGet();
        int partition = status.get().partition().partition();
        tell(Kind.ASSIGNED, partition, -1, epoch, "");
        return new PartitionObserver() {
          @Override
          public void released() {
            tell(Kind.RELEASED, partition, status.get().inFlight(), epoch, "");
          }
        };
      }
    };
  }

  /** Lets go of all other partitions; blocks until the loop has done so. */
  void keep(Collection<TopicPartition> partitions, Duration patience) throws InterruptedException {
    poll(
        () -> {
          Set<TopicPartition> kept = new HashSet<>(consumer.assignment());
          if (kept.retainAll(partitions)) {
            consumer.assignNow(kept);
          }
        },
        patience);
  }

  /** Changes the assignment; blocks until the loop has let go and taken over. */
  void assign(Collection<TopicPartition> partitions, Duration patience)
      throws InterruptedException {
    poll(() -> consumer.assignNow(partitions), patience);
  }

  private void poll(Runnable work, Duration patience) throws InterruptedException {
    var done = new CountDownLatch(1);
    consumer.schedulePollTask(
        () -> {
          try {
            work.run();
          } finally {
            done.countDown();
          }
        });
    if (!done.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError(
          "%s did not poll within %d ms, for a rebalance%s"
              .formatted(name, patience.toMillis(), task.isDone() ? ": " + failure() : ""));
    }
  }

  /**
   * Kills the member: from now on the member logs nothing and commits nothing, and its handlers are
   * interrupted.
   */
  void kill() {
    synchronized (topic) {
      dead = true;
      topic.kill(name);
    }
    consumer.die();
    context.cancel();
  }

  /** Ends it in order. */
  void leave(Duration patience) throws InterruptedException {
    topic.event(name, Kind.TERMINATED, -1, -1, -1, "", "");
    loop.drain(patience);
    await(patience);
    if (!failure().isEmpty()) {
      throw new AssertionError(name + " has failed: " + failure());
    }
  }

  /** Waits until its thread has ended; a dead one is interrupted again and again. */
  void await(Duration patience) throws InterruptedException {
    try {
      task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      // see failure()
    } catch (TimeoutException e) {
      throw new AssertionError(
          "%s has not ended after %d ms: %s".formatted(name, patience.toMillis(), loop.health()));
    } catch (CancellationException e) {
      // it was killed
    }
  }

  /** The exception that ended the loop; empty if it runs, has ended in order, or was killed. */
  String failure() {
    if (dead || !task.isDone()) {
      return "";
    }
    return task.state() == FutureTask.State.FAILED ? task.exceptionNow().toString() : "";
  }

  /** For messages. */
  @Override
  public String toString() {
    return name + ": " + (dead ? "killed" : failure().isEmpty() ? loop.health() : failure());
  }
}
