package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Output;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TransactionsTest extends TransactionPromises {

  @Override
  protected LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers) {
    return builder()
        .transactionalHandler(new StringSerializer(), new StringSerializer(), handler)
        .producerFactory(producers);
  }

  @Test
  void outputIsForTheHandlerOnly() throws Exception {
    assign(2, P0);
    var kept = new AtomicReference<@Nullable Output<String, String>>();
    runUntilCommit(loop((record, output) -> kept.set(output)).build(), 2);
    Output<String, String> output = kept.get();
    assertThat(output).isNotNull();
    assertThatThrownBy(() -> send("late", Objects.requireNonNull(output)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(produced()).isEmpty();
  }

  @Test
  void propertiesOfAProducerThatThereIsNotAreRefused() {
    assertThatThrownBy(
            () ->
                builder()
                    .ordering(Ordering.KEY)
                    .handler(record -> {})
                    .producerProperties(Map.of("linger.ms", 5))
                    .build())
        .hasMessageContaining("transactionalHandler");
  }
}
