package dev.millrace.kafka.internal.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.serde.Deserialization;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeserializerGateTest {

  private static final Duration NO_PATIENCE = Duration.ZERO;

  @Test
  void deserializersWithoutStateAreNeverInUse() throws Exception {
    var deserialization = new Deserialization<>(new StringDeserializer(), new StringDeserializer());
    assertThat(isPreparedWhileAnotherIsIn(deserialization)).isTrue();
  }

  @Test
  void recordWaitsWhileTheApplicationsDeserializersAreInUse() throws Exception {
    Deserializer<String> own = (topic, data) -> "own";
    var deserialization = new Deserialization<>(new StringDeserializer(), own);
    assertThat(isPreparedWhileAnotherIsIn(deserialization)).isFalse();
  }

  private static boolean isPreparedWhileAnotherIsIn(Deserialization<String, String> deserialization)
      throws InterruptedException {
    var isIn = new CountDownLatch(1);
    var mayLeave = new CountDownLatch(1);
    Thread other =
        Thread.ofVirtual()
            .start(
                () -> {
                  var turnstile = deserialization.turnstile();
                  try {
                    turnstile.enter();
                    isIn.countDown();
                    mayLeave.await();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  } finally {
                    turnstile.leave();
                  }
                });
    assertThat(isIn.await(30, TimeUnit.SECONDS)).isTrue();
    var partition = new Partition<>(Records.NAME, Ordering.UNORDERED, deserialization, () -> {});
    Records.add(partition, 0);
    var delivery = (Delivery<String, String>) Records.take(partition);
    try {
      return delivery.prepare(NO_PATIENCE);
    } finally {
      mayLeave.countDown();
      other.join();
    }
  }
}
