package dev.millrace.kafka.internal.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class PatientConsumerTest {

  private static final TopicPartition P0 = new TopicPartition("orders", 0);

  /** A consumer whose thread is late for the next calls. */
  private static final class Late extends MockConsumer<byte[], byte[]> {
    private int late;

    Late() {
      super("earliest");
    }

    private void call() {
      if (late-- > 0) {
        throw new TimeoutException("late");
      }
    }

    @Override
    public synchronized void assign(Collection<TopicPartition> partitions) {
      call();
      super.assign(partitions);
    }

    @Override
    public synchronized void subscribe(
        Collection<String> topics, ConsumerRebalanceListener listener) {
      call();
      super.subscribe(topics, listener);
    }

    @Override
    public synchronized void pause(Collection<TopicPartition> partitions) {
      call();
      super.pause(partitions);
    }

    @Override
    public synchronized void resume(Collection<TopicPartition> partitions) {
      call();
      super.resume(partitions);
    }

    @Override
    public synchronized void seek(TopicPartition partition, OffsetAndMetadata offset) {
      call();
      super.seek(partition, offset);
    }

    @Override
    public synchronized void commitAsync(
        Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
      call();
    }
  }

  private static final class NoRebalance implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> names) {}

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> names) {}
  }

  private final Late late = new Late();
  private final Consumer<byte[], byte[]> consumer =
      PatientConsumer.around(late, settings("consumer"));

  private static ConsumerSettings<String, String> settings(String protocol) {
    var draft = new ConsumerDraft<String, String>();
    draft.properties(Map.of("group.protocol", protocol));
    return draft.settings();
  }

  private void late(Runnable call) {
    late.late = 2;
    call.run();
    assertThat(late.late).isNegative();
  }

  @Test
  void callsThatAreLateAreRepeated() {
    late(() -> consumer.assign(List.of(P0)));
    late(() -> consumer.pause(List.of(P0)));
    assertThat(late.paused()).containsExactly(P0);
    late(() -> consumer.seek(P0, new OffsetAndMetadata(3)));
    assertThat(late.position(P0)).isEqualTo(3);
    late(() -> consumer.resume(List.of(P0)));
    assertThat(late.paused()).isEmpty();
  }

  @Test
  void subscriptionThatIsLateIsRepeated() {
    late(() -> consumer.subscribe(List.of("orders"), new NoRebalance()));
    assertThat(late.subscription()).containsExactly("orders");
  }

  @Test
  void thirdLateAnswerIsToldAndNoCommitIsRepeated() {
    late.late = 3;
    assertThatThrownBy(() -> consumer.assign(List.of(P0))).isInstanceOf(TimeoutException.class);
    late.late = 1;
    assertThatThrownBy(() -> consumer.commitAsync(Map.of(), (offsets, failure) -> {}))
        .isInstanceOf(TimeoutException.class);
    assertThat(late.late).isZero();
  }

  @Test
  void otherFailuresAndOtherConsumersAreLeftAlone() {
    assertThatThrownBy(() -> consumer.pause(List.of(P0))) // it is not assigned
        .isInstanceOf(IllegalStateException.class);
    assertThat(PatientConsumer.around(late, settings("classic"))).isSameAs(late);
  }
}
