package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Causes;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.channel.TransactionalSink;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pipelines from Kafka to Kafka over a real broker: a reader of committed records sees the outputs
 * of each input once and in the order of its key, whatever happens.
 */
class ExactlyOncePipelineIT extends WithTransactions {

  private static final int RECORDS = 2_000;

  private KafkaSource.Builder<String, String> source(Map<String, ?> producer) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("group.id", group);
    return KafkaSource.<String, String>builder()
        .properties(properties)
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(topic)
        .commitInterval(Duration.ofMillis(20))
        .revokeTimeout(Duration.ofSeconds(2))
        .onError(errors::add)
        .transactional(producer);
  }

  /** Each order takes a moment; the outputs are made of batches if {@code batch} is above 1. */
  private Run<Long> start(KafkaSource<String, String> source, String engine, int batch) {
    TransactionalSink<ConsumerRecord<String, String>> sink =
        source.sink("produce", this::invoice, new StringSerializer(), new StringSerializer());
    Pipe<ConsumerRecord<String, String>> orders =
        source
            .pipe("orders")
            .mapKeyed(
                "work",
                8,
                ConsumerRecord::key,
                record -> {
                  Work.pretend(2);
                  count(record.value());
                  return record;
                });
    Pipe<ConsumerRecord<String, String>> through =
        batch == 1
            ? orders
            : orders.batch("batch", batch, Duration.ofMillis(20)).flatMap("each", all -> all);
    return through.to(sink).start(Engine.named(engine), Context.background());
  }

  private static void drain(Run<?> run) throws Exception {
    run.drain(Duration.ofSeconds(20));
    Object _ = run.join();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void runsThatAreCancelledInTheMiddleLeaveNothingHalfDone(String engine) throws Exception {
    produce(0, RECORDS);
    for (int until = 200; until <= 600; until += 200) {
      int enough = until;
      Run<Long> run = start(source(Map.of()).build(), engine, until / 200);
      await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > enough);
      run.cancel(new IOException("stopped"));
      assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
    }
    Run<Long> last = start(source(Map.of()).build(), engine, 7);
    awaitCommitted(RECORDS);
    drain(last);
    assertEachInputHasOneOutputInOrder(RECORDS);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void partitionsThatMoveTakeTheirTransactionsWithThem(int batch) throws Exception {
    produce(0, RECORDS);
    Run<Long> first = start(source(Map.of()).build(), "channels", batch);
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > 300);
    Run<Long> second = start(source(Map.of()).build(), "channels", batch);
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > RECORDS / 2);
    drain(first);
    awaitCommitted(RECORDS);
    drain(second);
    assertEachInputHasOneOutputInOrder(RECORDS);
  }

  /** Hangs in its first send after 100 records: as a process that dies between send and commit. */
  public static final class HangingInterceptor implements ProducerInterceptor<byte[], byte[]> {

    static final CountDownLatch HANGS = new CountDownLatch(1);
    static final CountDownLatch DIES = new CountDownLatch(1);
    private int records;

    /** For Kafka. */
    public HangingInterceptor() {}

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
      if (++records > 100) {
        HANGS.countDown();
        boolean interrupted = false;
        while (DIES.getCount() > 0) {
          try {
            DIES.await();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
      return record;
    }

    @Override
    public void close() {}

    @Override
    public void configure(Map<String, ?> configs) {}
  }

  @Test
  void outputsThatWereSentAndNotCommittedAreNotSeen() throws Exception {
    produce(0, RECORDS);
    Run<Long> dead =
        start(
            source(
                    Map.of(
                        "interceptor.classes",
                        HangingInterceptor.class.getName(),
                        "transaction.timeout.ms",
                        3_000))
                .closeTimeout(Duration.ofSeconds(1))
                .build(),
            "channels",
            1);
    assertThat(HangingInterceptor.HANGS.await(60, TimeUnit.SECONDS)).isTrue();
    long committed = committed();
    dead.cancel(new IOException("killed"));
    assertThatThrownBy(dead::join).isInstanceOf(CancellationException.class);
    assertThat(committed()).isEqualTo(committed);
    Run<Long> next = start(source(Map.of()).build(), "channels", 1);
    awaitCommitted(RECORDS);
    drain(next);
    assertEachInputHasOneOutputInOrder(RECORDS);
    HangingInterceptor.DIES.countDown();
  }

  @Test
  void producersThatAreFencedAreReplaced() throws Exception {
    produce(0, RECORDS);
    Run<Long> run = start(source(Map.of()).build(), "channels", 7);
    int fenced = 0;
    while (handled.size() < RECORDS) {
      List<String> ids =
          admin().listTransactions().all().get().stream()
              .map(listing -> listing.transactionalId())
              .filter(id -> id.startsWith(group))
              .toList();
      admin().fenceProducers(ids).all().get();
      fenced += ids.size();
      TimeUnit.MILLISECONDS.sleep(100); // sets the rate; no synchronisation
    }
    awaitCommitted(RECORDS);
    drain(run);
    assertThat(fenced).isPositive();
    assertThat(errors).anyMatch(e -> Causes.find(e, ProducerFencedException.class) != null);
    assertEachInputHasOneOutputInOrder(RECORDS);
    assertThat(repeated()).isZero(); // no record is handled again for it
  }

  /** A member that is thrown out of its group, does not know it yet, and commits. */
  @Test
  void zombieCommitsNothingAndItsWorkIsDoneByOthers() throws Exception {
    produce(0, RECORDS);
    var awake = new CountDownLatch(1);
    var asleep = new CountDownLatch(1);
    var sleeps = new AtomicBoolean(true);
    Map<String, Object> impatient = new HashMap<>();
    impatient.put("bootstrap.servers", bootstrapServers());
    impatient.put("group.id", group);
    impatient.put("max.poll.interval.ms", 2_000);
    Run<Long> zombie =
        start(
            source(Map.of())
                .properties(impatient)
                .revokeTimeout(Duration.ofSeconds(1))
                .observer(
                    new ConsumerObserver() {
                      @Override
                      public void committed(String name, Duration took) { // in the poll thread
                        if (handled.size() > 100 && sleeps.getAndSet(false)) {
                          asleep.countDown();
                          try {
                            awake.await();
                          } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                          }
                        }
                      }
                    })
                .build(),
            "channels",
            1);
    Run<Long> owner;
    try {
      assertThat(asleep.await(30, TimeUnit.SECONDS)).isTrue();
      owner = start(source(Map.of()).build(), "channels", 7);
      await().atMost(Duration.ofSeconds(60)).until(() -> committed() > RECORDS / 2);
    } finally {
      awake.countDown();
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                List.copyOf(errors).stream()
                    .anyMatch(e -> Causes.find(e, CommitFailedException.class) != null));
    awaitCommitted(RECORDS);
    drain(zombie);
    drain(owner);
    assertEachInputHasOneOutputInOrder(RECORDS);
    assertThat(repeated()).isPositive(); // records that the zombie handled and did not commit
  }
}
