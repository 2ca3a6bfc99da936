package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Output;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** A loop with transactions over Kafka's own mocks. The test plays the broker. */
public abstract class WithMockBroker extends WithMockConsumer {

  /** A broker that commits, or fails as the test says. */
  protected final class Broker extends MockProducer<byte[], byte[]> {
    private final List<Pending> pending = new ArrayList<>();
    private volatile Map<TopicPartition, OffsetAndMetadata> offsets = Map.of();
    private volatile @Nullable Pending unanswered;

    /** The failure of the transaction, until it is aborted; null if it has none. */
    private volatile @Nullable RuntimeException inError;

    Broker() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void sendOffsetsToTransaction(
        Map<TopicPartition, OffsetAndMetadata> some, ConsumerGroupMetadata group) {
      super.sendOffsetsToTransaction(some, group);
      offsets = some;
    }

    @Override
    public void commitTransaction() {
      if (unanswered != null) {
        throw new TimeoutException("a record has no answer");
      }
      RuntimeException error = inError;
      if (error != null) {
        throw error;
      }
      RuntimeException failure = failures.isEmpty() ? null : failures.removeFirst();
      if (failure != null && !(failure instanceof Unanswered unanswered && unanswered.commits)) {
        throw failure;
      }
      int before = history().size();
      super.commitTransaction();
      pending.clear();
      mock.commitSync(offsets);
      List<String> values =
          history().subList(before, history().size()).stream()
              .map(record -> text(record.value()))
              .toList();
      transactions.add(new Transaction(offsets, values));
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public void abortTransaction() {
      RuntimeException failure = abortFailure;
      if (failure != null) {
        throw failure;
      }
      super.abortTransaction();
      inError = null;
      pending.clear();
    }

    /** As Kafka's: waits until somebody knows of the topic. */
    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
      try {
        while (topic.equals(missing) && !closed()) {
          TimeUnit.MILLISECONDS.sleep(1); // polls the condition; no synchronisation
        }
      } catch (InterruptedException e) {
        throw new InterruptException(e);
      }
      return List.of();
    }

    /** Like Kafka's: sends without an answer fail. */
    @Override
    public void close(Duration timeout) {
      super.close(timeout);
      Pending lost = unanswered;
      if (lost != null) {
        lost.fail(new KafkaException("closed by force"));
      }
    }

    /**
     * Like Kafka's: records that were not sent yet fail at once, with the failure of the
     * transaction.
     */
    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      Object _ = partitionsFor(record.topic());
      var one = new Pending(callback, new CompletableFuture<>());
      if (text(record.value()).equals(stalled)) {
        unanswered = one;
        return one.answer();
      }
      if (text(record.value()).equals(refused)) {
        inError = new KafkaException("in an error state", refusal);
        one.fail(refusal);
        pending.forEach(other -> other.fail(refusal));
        pending.clear();
        return one.answer();
      }
      Future<RecordMetadata> _ = super.send(record, null); // no answer until the end
      pending.add(one);
      return one.answer();
    }
  }

  /** A committed transaction. */
  protected record Transaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, List<String> values) {}

  /** The committed transactions of all producers, in their order. */
  protected final List<Transaction> transactions = Collections.synchronizedList(new ArrayList<>());

  /** A record that was sent, and has no answer. */
  private record Pending(@Nullable Callback callback, CompletableFuture<RecordMetadata> answer) {
    void fail(RuntimeException failure) {
      answer.completeExceptionally(failure);
      if (callback != null) {
        callback.onCompletion(null, failure);
      }
    }
  }

  /** The failure of a commit that may have happened. */
  static final class Unanswered extends TimeoutException {
    private static final long serialVersionUID = 1L;
    private final boolean commits;

    Unanswered(boolean commits) {
      super("no answer");
      this.commits = commits;
    }
  }

  protected final List<Broker> producers = Collections.synchronizedList(new ArrayList<>());

  /** The failures of the next commits. */
  protected final List<RuntimeException> failures = Collections.synchronizedList(new ArrayList<>());

  /** What aborts come to; null if they succeed. */
  protected volatile @Nullable RuntimeException abortFailure;

  /** A value that is not taken. */
  protected volatile @Nullable String refused;

  /** The exception for the refused value. */
  protected volatile RuntimeException refusal = new RecordTooLargeException("too large");

  /** A value that the broker does not answer. */
  protected volatile @Nullable String stalled;

  /** A topic that does not exist. */
  protected volatile @Nullable String missing;

  /** The builder of a loop of this face with the handler, which may block. */
  protected abstract LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers);

  protected LoopBuilder<String, String, ?> loop(
      TransactionalHandler<String, String, String, String> handler) {
    return transactional(handler, producers());
  }

  /** Creates producers for which the test is the broker. */
  protected final Function<Map<String, Object>, Producer<byte[], byte[]>> producers() {
    return properties -> {
      var producer = new Broker();
      producers.add(producer);
      return producer;
    };
  }

  protected static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The records that readers of committed records see, of all producers. */
  protected List<String> produced() {
    synchronized (producers) {
      return producers.stream()
          .flatMap(producer -> producer.history().stream())
          .map(record -> text(record.value()))
          .toList();
    }
  }

  protected static void send(String value, Output<String, String> output) {
    output.send(new ProducerRecord<>("invoices", "k", "<" + value + ">"));
  }

  protected static void drain(Loop loop, FutureTask<String> running) throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  protected void runUntilCommit(Loop loop, long offset) throws Exception {
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == offset);
    drain(loop, running);
    assertThat(producers).allMatch(MockProducer::closed);
  }
}
