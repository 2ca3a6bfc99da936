package dev.millrace.samples.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@KafkaTest
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TransferIT {

  @Test
  void eachOrderHasOneInvoiceAlthoughAProcessIsKilled(TestKafka kafka) {
    var out = new ByteArrayOutputStream();
    int status =
        Transfer.execute(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            "--bootstrap-servers",
            kafka.bootstrapServers());
    String printed = out.toString(StandardCharsets.UTF_8);
    assertThat(status).as(printed).isZero();
    assertThat(printed)
        .contains("second has joined", "first is killed", "second is stopped, exit status 0")
        .doesNotContain("; 0 orders have no invoice yet"); // it was killed while it had work
  }
}
