package dev.millrace.kafka.channel;

import dev.millrace.errors.Failure;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.serde.DeserializersClosedException;
import dev.millrace.pipeline.FailedOrigins;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.SourceElement;
import dev.millrace.pipeline.StageConsumer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A failure handler that attaches dead letters to the source records of the failed element.
 * Thread-safe.
 *
 * @param settlement identifies the source
 * @param order the number of outputs of the source
 */
record LettersInTransaction(String topic, String group, Settlement<?> settlement, AtomicLong order)
    implements StageConsumer<Failure<?>> {

  @Override
  public void accept(Failure<?> failure) throws Exception {
    if (failure.cause() instanceof DeserializersClosedException closed) {
      throw closed; // the record is not to blame
    }
    List<SourceElement> sources = FailedOrigins.current();
    if (sources == null || sources.isEmpty()) {
      throw new IllegalStateException(
          "toDeadLetters() got a failure of the stage '%s' whose element was made of no record of the source. Use the handler only for failures of a pipeline of the source, in the thread that calls the handler"
              .formatted(failure.stage()),
          failure.cause());
    }
    for (SourceElement source : sources) {
      bury(source, failure);
    }
  }

  private void bury(SourceElement source, Failure<?> failure) {
    if (source.settlement() != settlement) {
      throw new IllegalStateException(
          "toDeadLetters() got a failure of the stage '%s' whose element was made of %s, which is not of its source"
              .formatted(failure.stage(), source.element()),
          failure.cause());
    }
    var record = (Delivery<?, ?>) Objects.requireNonNull(source.element());
    String step =
        failure.element() instanceof Message<?, ?>
            ? KafkaSource.letter(failure).stage()
            : DeadLetter.HANDLE;
    var letter =
        new DeadLetter(
            record.raw(), step, failure.attempt(), failure.cause(), group, record.span());
    record.attached().bury(letter, letter.toRecord(topic), order.incrementAndGet());
  }
}
