package dev.millrace.kafka.reactor;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;

/** The rules of Reactive Streams for publishers (§1, §3), over a topic that has no end. */
@Test
public class MessageFluxTckTest extends PublisherVerification<Message<String, String>> {

  private static final TopicPartition ORDERS = new TopicPartition("orders", 0);
  private static final int POLLED = 10;

  /** Short waits: the kit waits this long to check that nothing happens. */
  public MessageFluxTckTest() {
    super(new TestEnvironment(10_000, 50, 50), 500);
  }

  private static MessageFlux.Builder<String, String> flux() {
    return MessageFlux.<String, String>builder()
        .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(ORDERS.topic())
        .ordering(
            Ordering
                .UNORDERED) // the kit settles no record: with an order it would get one record only
        .onNotification(change -> {});
  }

  /** Each subscription has a consumer of its own. Each poll returns some records. */
  private static final class Endless extends MockConsumer<byte[], byte[]> {
    private long next;

    private Endless() {
      super("earliest");
      schedulePollTask(
          () -> {
            rebalance(List.of(ORDERS));
            updateBeginningOffsets(Map.of(ORDERS, 0L));
          });
    }

    @Override
    public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      if (assignment().contains(ORDERS) && !paused().contains(ORDERS)) {
        for (int i = 0; i < POLLED; i++) {
          addRecord(new ConsumerRecord<>(ORDERS.topic(), 0, next++, new byte[0], new byte[] {'v'}));
        }
      }
      return super.poll(timeout);
    }
  }

  @Override
  public Publisher<Message<String, String>> createPublisher(long elements) {
    return flux().factory(properties -> new Endless()).flux();
  }

  @Override
  public long maxElementsFromPublisher() {
    return publisherUnableToSignalOnComplete();
  }

  @Override
  public Publisher<Message<String, String>> createFailedPublisher() {
    return flux().factory(properties -> refuse()).flux();
  }

  private static Consumer<byte[], byte[]> refuse() {
    throw new KafkaException("no broker is known");
  }
}
