package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** Loops that must end although their transactions have no answer. */
class TransactionsEndTest extends WithMockConsumer {

  private static final Duration CLOSE = Duration.ofSeconds(4);

  private final List<Duration> closes = Collections.synchronizedList(new ArrayList<>());

  /** A producer whose commits have no answer, so that their outcome is unknown. */
  private final class Unanswered extends MockProducer<byte[], byte[]> {
    Unanswered() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void commitTransaction() {
      throw new TimeoutException("no answer");
    }

    @Override
    public void close(Duration timeout) {
      closes.add(timeout);
      super.close(timeout);
    }
  }

  @Test
  void endTakesNoLongerThanItMayThoughNobodyTellsWhatIsCommitted() throws Exception {
    assign(10, P0);
    var loop =
        builder()
            .closeTimeout(CLOSE)
            .transactionalHandler(
                new StringSerializer(),
                new StringSerializer(),
                (record, output) ->
                    output.send(new ProducerRecord<>("invoices", record.key(), record.value())))
            .producerFactory(properties -> new Unanswered())
            .build();
    var running = start(loop, Context.background());
    await().until(() -> !closes.isEmpty()); // a transaction that may be committed
    isUnstable = true;
    int before = lookups.size();
    await().until(() -> lookups.size() > before);
    loop.drain(Duration.ofSeconds(10));
    running.get(50, TimeUnit.SECONDS);
    assertThat(lookups.getLast()).isLessThanOrEqualTo(CLOSE.dividedBy(2));
    assertThat(closes.getLast()).isLessThanOrEqualTo(CLOSE);
  }

  /** Like Kafka's: a close that is not by force does not end a call that waits for a broker. */
  private static final class WithoutBroker extends MockProducer<byte[], byte[]> {
    private final CountDownLatch waiting;
    private final CountDownLatch interrupted;

    WithoutBroker(CountDownLatch waiting, CountDownLatch interrupted) {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
      this.waiting = waiting;
      this.interrupted = interrupted;
    }

    @Override
    public void initTransactions() {
      try {
        waiting.countDown();
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        interrupted.countDown();
        throw new InterruptException(e);
      }
    }
  }

  @Test
  void noTransactionIsLeftBehindThoughNoBrokerAnswers() throws Exception {
    assign(10, P0);
    var waiting = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    var loop =
        builder()
            .closeTimeout(Duration.ofSeconds(1))
            .transactionalHandler(
                new StringSerializer(),
                new StringSerializer(),
                (record, output) ->
                    output.send(new ProducerRecord<>("invoices", record.key(), record.value())))
            .producerFactory(properties -> new WithoutBroker(waiting, interrupted))
            .build();
    var running = start(loop, Context.background());
    waiting.await();
    loop.drain(Duration.ofSeconds(10));
    running.get();
    assertThat(interrupted.await(50, TimeUnit.SECONDS)).isTrue();
  }
}
