package dev.millrace.kafka.internal.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.internal.settings.ConsumerDraft;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PromptCloseTest {

  private final CountDownLatch answer = new CountDownLatch(1);

  /** Like Kafka's consumer of KIP-848: its close waits for an answer, however long. */
  private final class Slow extends MockConsumer<byte[], byte[]> {
    Slow() {
      super("earliest");
    }

    @Override
    public void close(CloseOptions options) {
      try {
        answer.await();
      } catch (InterruptedException e) {
        throw new InterruptException(e);
      }
    }
  }

  private final Consumer<byte[], byte[]> consumer = around(new Slow());

  private static Consumer<byte[], byte[]> around(Consumer<byte[], byte[]> kafka) {
    var draft = new ConsumerDraft<String, String>();
    draft.properties(Map.of("group.protocol", "consumer"));
    return PatientConsumer.around(kafka, draft.settings());
  }

  @AfterEach
  void noFlagIsLeft() {
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void closeEndsInTimeThoughNoBrokerAnswers() {
    consumer.close(CloseOptions.timeout(Duration.ofMillis(50)));
    consumer.close(CloseOptions.timeout(Duration.ZERO));
    assertThat(answer.getCount()).isOne();
  }

  @Test
  void closeThatIsAnsweredIsNotInterrupted() throws InterruptedException {
    answer.countDown();
    consumer.close(CloseOptions.timeout(Duration.ZERO));
    Thread.sleep(200); // longer than the spare time: a timer that was left would interrupt this
  }

  @Test
  void interruptOfSomebodyElseIsKept() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> consumer.close(CloseOptions.timeout(Duration.ofDays(1))))
        .isInstanceOf(InterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void failureOfTheCloseIsKept() {
    var failing =
        around(
            new MockConsumer<>("earliest") {
              @Override
              public void close(CloseOptions options) {
                throw new KafkaException("the close fails");
              }
            });
    assertThatThrownBy(() -> failing.close(CloseOptions.timeout(Duration.ofDays(1))))
        .isInstanceOf(KafkaException.class)
        .hasMessage("the close fails");
  }
}
