package dev.millrace.samples.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;

/** BlockHound watches: its listener is on the class path. */
@KafkaTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PricesIT {

  @Test
  void listsAreInTheStoreAndTheMalformedOneIsADeadLetter(TestKafka kafka) {
    var out = new ByteArrayOutputStream();
    int status =
        Prices.execute(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            "--bootstrap-servers",
            kafka.bootstrapServers());
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("prices         2,000", "dead letters   1");
    assertThat(status).isZero();
  }

  @Test
  void blockingCallOnAThreadOfReactorIsCaught() {
    assertThatThrownBy(
            () ->
                Mono.delay(Duration.ofMillis(1))
                    .doOnNext(
                        tick -> {
                          try {
                            Thread.sleep(1); // the canary
                          } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                          }
                        })
                    .block())
        .hasRootCauseInstanceOf(BlockingOperationError.class);
  }
}
