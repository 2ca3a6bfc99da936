package dev.millrace.kafka.internal.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.internal.settings.ConsumerDraft;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RejoiningConsumerTest {

  private static final Duration POLL = Duration.ofMillis(1);

  /** A consumer whose test sets the number of its assignment. */
  private static final class Mock extends MockConsumer<byte[], byte[]> {
    int epoch = 1;
    boolean isLate;
    @Nullable ConsumerRebalanceListener listener;

    Mock() {
      super("earliest");
    }

    @Override
    public synchronized void subscribe(
        Collection<String> topics, ConsumerRebalanceListener listener) {
      if (isLate) {
        throw new TimeoutException("late");
      }
      super.subscribe(topics, listener);
      this.listener = listener;
    }

    @Override
    @SuppressWarnings("removal") // there is no other constructor yet
    public synchronized ConsumerGroupMetadata groupMetadata() {
      int now = epoch;
      return new ConsumerGroupMetadata("group") {
        @Override
        public int generationId() {
          return now;
        }
      };
    }
  }

  private static final ConsumerRebalanceListener LISTENER =
      new ConsumerRebalanceListener() {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> names) {}

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> names) {}
      };

  private final List<Mock> made = new ArrayList<>();
  private boolean areLate;

  private ConsumerDraft<String, String> draft(String protocol) {
    var draft = new ConsumerDraft<String, String>();
    draft.properties(Map.of("group.protocol", protocol));
    draft.awaitRights = Duration.ofMillis(100);
    draft.factory =
        properties -> {
          made.add(new Mock());
          made.getLast().isLate = areLate;
          return made.getLast();
        };
    return draft;
  }

  private Consumer<byte[], byte[]> consumer() {
    var settings = draft("consumer").settings();
    var consumer = RejoiningConsumer.around(settings.newConsumer(), settings);
    consumer.subscribe(List.of("orders"), LISTENER);
    return consumer;
  }

  private void refuse(Consumer<byte[], byte[]> consumer, KafkaException refusal) {
    made.getLast().setPollException(refusal);
    assertThatThrownBy(() -> consumer.poll(POLL)).isSameAs(refusal);
  }

  private void awaitConsumers(int number, Consumer<byte[], byte[]> consumer) {
    await()
        .until(
            () -> {
              consumer.poll(POLL);
              return made.size() == number;
            });
  }

  @Test
  void memberThatIsRefusedIsReplacedAndSubscribesAgain() {
    Consumer<byte[], byte[]> consumer = consumer();
    refuse(consumer, new GroupAuthorizationException("group"));
    awaitConsumers(2, consumer);
    assertThat(made.getFirst().closed()).isTrue();
    assertThat(consumer.subscription()).containsExactly("orders");
    assertThat(made.getLast().listener).isSameAs(LISTENER);
    made.getLast().epoch = -1; // it has not joined, and is refused, too
    refuse(consumer, new GroupAuthorizationException("group"));
    awaitConsumers(3, consumer);
    assertThat(made.getLast().closed()).isFalse();
    consumer.close();
    assertThat(made.getLast().closed()).isTrue();
  }

  @Test
  void newConsumerThatIsLateIsReplacedByTheNextPoll() {
    Consumer<byte[], byte[]> consumer = consumer();
    areLate = true;
    refuse(consumer, new GroupAuthorizationException("group"));
    await()
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> consumer.poll(POLL)).isInstanceOf(TimeoutException.class));
    made.getLast().epoch = -1;
    areLate = false;
    consumer.poll(POLL);
    assertThat(made).hasSize(3);
    assertThat(consumer.subscription()).containsExactly("orders");
  }

  @Test
  void memberThatHasJoinedByItselfIsKept() {
    Consumer<byte[], byte[]> consumer = consumer();
    refuse(consumer, new GroupAuthorizationException("group"));
    made.getFirst().epoch = 2;
    long until = System.nanoTime() + Duration.ofMillis(1500).toNanos(); // longer than the pause
    while (System.nanoTime() - until < 0) {
      consumer.poll(POLL);
    }
    assertThat(made).hasSize(1);
  }

  @Test
  void nameThatTheGroupStillKeepsIsTriedAgainOnlyByANewConsumer() {
    Consumer<byte[], byte[]> consumer = consumer();
    refuse(consumer, new UnreleasedInstanceIdException("another process has the name"));
    refuse(consumer, new GroupAuthorizationException("group"));
    awaitConsumers(2, consumer);
    made.getLast().setPollException(new UnreleasedInstanceIdException("the old member has it"));
    assertThatThrownBy(() -> consumer.poll(POLL)).isInstanceOf(TimeoutException.class);
    awaitConsumers(3, consumer);
  }

  @Test
  void consumerThatNeedsNoOtherIsUsedAsItIs() {
    var classic = draft("classic").settings();
    var first = classic.newConsumer();
    assertThat(RejoiningConsumer.around(first, classic)).isSameAs(first);
    var ending = draft("consumer");
    ending.awaitRights = null;
    assertThat(RejoiningConsumer.around(first, ending.settings())).isSameAs(first);
  }
}
