package dev.millrace.testkit.chaos.simulation;

import dev.millrace.clock.internal.Time;
import dev.millrace.testkit.chaos.simulation.SimulatedBroker.Request;
import dev.millrace.testkit.chaos.simulation.SimulatedGroup.Answer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/**
 * A producer of a {@link SimulatedBroker}, in transactions if it has a {@code transactional.id}.
 * Its sends are answered, in their order, in the next call that waits, or by a {@link #sender}.
 *
 * <p>For one thread at a time; {@link #close} from any thread, and {@link #send} too if there is a
 * sender.
 */
public final class SimulatedProducer implements Producer<byte[], byte[]> {

  /** Sees the records, as Kafka's interceptor does. */
  public interface Interceptor {

    /** Before the record is sent. */
    default void sends(ProducerRecord<byte[], byte[]> record) {}

    /** The broker has acknowledged the record. */
    default void acknowledged(ProducerRecord<byte[], byte[]> record) {}
  }

  private record Sent(
      ProducerRecord<byte[], byte[]> record,
      Request<RecordMetadata> request,
      CompletableFuture<RecordMetadata> future,
      @Nullable Callback callback) {}

  /** As in Kafka's producer. */
  private enum State {
    UNINITIALIZED,
    READY,
    IN_TRANSACTION,
    ABORTABLE,
    FENCED
  }

  private static final Node NODE = new Node(0, "simulated", 9092);

  private final SimulatedBroker broker;
  private final SimulatedLink link;
  private final @Nullable String id;
  private final Duration patience;
  private final Interceptor interceptor;
  private final long timeout;
  private final Deque<Sent> sends = new ArrayDeque<>();
  private int epoch = -1;
  private State state = State.UNINITIALIZED;

  /** The reason of the state {@code ABORTABLE} or {@code FENCED}. */
  private @Nullable RuntimeException failed;

  /** The one in progress at the broker; null before its first record. */
  private @Nullable SimulatedTransaction transaction;

  /** Whether a record or an offset of the transaction was sent, whatever became of it. */
  private boolean started;

  private boolean closed;
  private @Nullable Thread sender;

  /** A producer. */
  public SimulatedProducer(
      SimulatedBroker broker,
      SimulatedLink link,
      Map<String, Object> properties,
      Interceptor interceptor) {
    this.interceptor = interceptor;
    this.broker = broker;
    this.link = link;
    Object given = properties.get("transactional.id");
    this.id = given == null ? null : given.toString();
    this.patience = Duration.ofMillis(Long.parseLong("" + properties.get("max.block.ms")));
    this.timeout =
        Duration.ofMillis(Long.parseLong("" + properties.get("transaction.timeout.ms"))).toNanos();
  }

  static PartitionInfo info(TopicPartition name) {
    Node[] all = {NODE};
    return new PartitionInfo(name.topic(), name.partition(), NODE, all, all);
  }

  private SimulatedTransaction.Id own() {
    return broker.transactional(Objects.requireNonNull(id));
  }

  private <T> T call(String what, Supplier<T> action) {
    try {
      return broker.call(
          link,
          patience,
          what,
          () -> {
            checkEpoch();
            return action.get();
          });
    } catch (ProducerFencedException e) {
      fails(e);
      throw e;
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the producer is closed");
    }
  }

  private void checkState(State needed, String call) {
    checkOpen();
    if (state == State.ABORTABLE || state == State.FENCED) {
      throw failure();
    }
    if (state != needed) {
      throw new IllegalStateException("%s is not possible in the state %s".formatted(call, state));
    }
  }

  private RuntimeException failure() {
    RuntimeException reason = Objects.requireNonNull(failed);
    return reason instanceof ProducerFencedException
        ? new ProducerFencedException(reason.getMessage())
        : reason instanceof InvalidProducerEpochException
            ? new InvalidProducerEpochException(reason.getMessage())
            : new KafkaException("the transaction has failed and must be aborted", reason);
  }

  private void fails(RuntimeException reason) {
    if (id != null && state != State.FENCED) {
      state = reason instanceof ProducerFencedException ? State.FENCED : State.ABORTABLE;
      failed =
          reason instanceof RetriableException
              ? new TransactionAbortableException("its calls are not repeated any more", reason)
              : reason;
    }
  }

  private void checkEpoch() {
    if (own().epoch != epoch) {
      throw new ProducerFencedException("a newer producer has the id " + id);
    }
  }

  @Override
  public void initTransactions() {
    checkOpen();
    epoch =
        broker.call(
            link,
            patience,
            "the start of transactions",
            () -> {
              SimulatedTransaction.Id known = own();
              SimulatedTransaction last = known.last;
              if (last != null && last.state == SimulatedTransaction.State.OPEN) {
                last.end(false);
                broker.wakePollers();
              }
              return ++known.epoch;
            });
    state = State.READY;
  }

  @Override
  public void beginTransaction() {
    checkState(State.READY, "beginTransaction");
    state = State.IN_TRANSACTION;
    started = false;
    transaction = null;
  }

  /** At the broker: the transaction, which begins with its first record or offset. */
  private SimulatedTransaction current() {
    SimulatedTransaction known = transaction;
    if (known == null) {
      known = new SimulatedTransaction(broker.clock() + timeout);
      transaction = known;
      own().last = known;
    }
    return known;
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
    return send(record, null);
  }

  @Override
  public Future<RecordMetadata> send(
      ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
    if (id == null) {
      checkOpen();
    } else {
      checkState(State.IN_TRANSACTION, "send");
    }
    interceptor.sends(record);
    Integer given = record.partition();
    long count =
        broker.partitions().stream().filter(one -> one.topic().equals(record.topic())).count();
    int partition =
        given != null
            ? given
            : (int) Math.floorMod((long) Arrays.hashCode(record.key()), Math.max(1, count));
    var name = new TopicPartition(record.topic(), partition);
    if (!broker.partitions().contains(name)) {
      return unknown(name, callback);
    }
    started = true;
    Request<RecordMetadata> request =
        broker.send(
            link,
            false,
            () -> {
              SimulatedTransaction in = null;
              if (id != null) {
                if (own().epoch != epoch) {
                  throw new InvalidProducerEpochException("a newer producer has the id " + id);
                }
                in = current();
              }
              long offset =
                  broker
                      .log(name)
                      .append(
                          record.key(),
                          record.value(),
                          record.headers(),
                          Time.currentTimeMillis(),
                          in);
              broker.wakePollers();
              return new RecordMetadata(name, offset, 0, 0, 0, 0);
            });
    var sent = new Sent(record, request, new CompletableFuture<>(), callback);
    sends.add(sent);
    LockSupport.unpark(sender);
    return sent.future();
  }

  /** As Kafka's: it asks for the partition until the time is over. */
  private Future<RecordMetadata> unknown(TopicPartition name, @Nullable Callback callback) {
    broker.pause(Time.nanoTime() + patience.toNanos());
    var failure = new TimeoutException("there is no " + name);
    fails(failure);
    if (callback != null) {
      callback.onCompletion(null, failure);
    }
    return CompletableFuture.failedFuture(failure);
  }

  /** Starts a thread that answers the sends until the producer is closed. */
  public SimulatedProducer sender() {
    sender =
        Thread.ofVirtual()
            .name("sender")
            .start(
                () -> {
                  while (!closed) {
                    flush();
                    if (!closed && sends.isEmpty()) {
                      LockSupport.park(this);
                    }
                  }
                  flush(); // fails what is left
                });
    return this;
  }

  @Override
  public void flush() {
    long deadline = Time.nanoTime() + patience.toNanos();
    for (Sent one; (one = sends.poll()) != null; ) {
      broker.pause(Math.min(deadline, one.request().answerAt));
      RuntimeException failure = null;
      if (closed) {
        failure = new KafkaException("the producer is closed");
      } else if (!one.request().isAnswered(broker.settle())) {
        failure = new TimeoutException("a record has no answer");
      } else {
        failure = one.request().failure;
      }
      if (failure != null) {
        fails(failure);
      }
      Callback callback = one.callback();
      if (failure == null) {
        interceptor.acknowledged(one.record());
        one.future().complete(one.request().result);
      } else {
        one.future().completeExceptionally(failure);
      }
      if (callback != null) {
        callback.onCompletion(failure == null ? one.request().result : null, failure);
      }
    }
  }

  @Override
  public void sendOffsetsToTransaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
    flush();
    checkState(State.IN_TRANSACTION, "sendOffsetsToTransaction");
    started = true;
    Answer answer =
        call(
            "offsets of a transaction",
            () -> broker.group().add(current(), group.memberId(), group.generationId(), offsets));
    if (answer != Answer.OK) {
      var failure = new CommitFailedException("the broker says " + answer);
      fails(failure);
      throw failure;
    }
  }

  @Override
  public void commitTransaction() {
    flush();
    checkState(State.IN_TRANSACTION, "commitTransaction");
    end(true);
  }

  @Override
  public void abortTransaction() {
    flush();
    if (state == State.ABORTABLE) {
      checkOpen();
    } else {
      checkState(State.IN_TRANSACTION, "abortTransaction");
    }
    end(false);
  }

  /** As Kafka's client, it does not tell the broker of a transaction without contents. */
  private void end(boolean commits) {
    if (started) {
      call(
          commits ? "a commit of a transaction" : "an abort",
          () -> {
            SimulatedTransaction last = transaction;
            if (last != null && last.state == SimulatedTransaction.State.OPEN) {
              last.end(commits);
              broker.wakePollers();
            }
            return "";
          });
    }
    state = State.READY;
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    if (closed) {
      throw new KafkaException("the producer is closed");
    }
    List<PartitionInfo> all = new ArrayList<>();
    broker.partitions().stream()
        .filter(name -> name.topic().equals(topic))
        .forEach(name -> all.add(info(name)));
    return all;
  }

  @Override
  public Map<MetricName, ? extends Metric> metrics() {
    return Map.of();
  }

  @Override
  public Uuid clientInstanceId(Duration limit) {
    throw new UnsupportedOperationException("the simulated producer does not do this");
  }

  @Override
  public void registerMetricForSubscription(KafkaMetric metric) {
    throw new UnsupportedOperationException("the simulated producer does not do this");
  }

  @Override
  public void unregisterMetricFromSubscription(KafkaMetric metric) {
    throw new UnsupportedOperationException("the simulated producer does not do this");
  }

  @Override
  public void close() {
    close(patience);
  }

  @Override
  public void close(Duration limit) {
    closed = true;
    LockSupport.unpark(sender);
  }
}
