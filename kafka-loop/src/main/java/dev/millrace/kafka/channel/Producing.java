package dev.millrace.kafka.channel;

import dev.millrace.kafka.internal.partition.Attached;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.pipeline.OriginTransform;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.SourceElement;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.StartCheck;
import dev.millrace.pipeline.transform.Emitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The stage of a {@link TransactionalSink}: attaches the record of an element to the source records
 * that the element was made of. Not thread-safe.
 */
final class Producing<T> implements OriginTransform<T, T> {

  private static final String OVERLAP =
      "the stage '%s' cannot produce in transactions behind the stage '%s', whose results share"
          + " elements one with the next: no transaction could ever commit one of them without the"
          + " next one. Use batch(…), or windows whose step is their size";

  private static final String FOREIGN =
      "the stage '%s' produces in the transactions of its source, but takes elements of '%s', too,"
          + " which no such transaction commits: build the sink with sink(…) of that source, or use"
          + " a KafkaSink";

  private static final String SECOND =
      "the stage '%s' produces in the transactions of one consumer, but '%s' is a second consumer"
          + " of its source: use the pipe of the source once, and share it by broadcast";

  private final Maker<T, ?, ?> maker;

  private Producing(Maker<T, ?, ?> maker) {
    this.maker = maker;
  }

  @Override
  public Outcome accept(T element, List<SourceElement> sources, Emitter<? super T> out)
      throws Exception {
    List<Delivery<?, ?>> records = new ArrayList<>(sources.size());
    for (SourceElement source : sources) {
      records.add(maker.delivery(source));
    }
    if (records.isEmpty()) {
      throw new IllegalStateException(
          "the element was made of no record of the source, so no transaction can commit it: an operator such as prepend has made it. Drop it before the sink '%s', or send it with a KafkaSink"
              .formatted(maker.name));
    }
    Attached.attach(records, maker.output(element), maker.order.incrementAndGet());
    out.emit(element);
    return Outcome.USED;
  }

  /**
   * Makes the stages of a sink, and checks their pipelines. Thread-safe.
   *
   * @param settlement identifies the source
   * @param order the number of outputs of the source
   */
  record Maker<T, A, B>(
      String name,
      StageFunction<? super T, ProducerRecord<A, B>> function,
      Serialization<A, B> serialization,
      Settlement<?> settlement,
      AtomicLong order)
      implements Supplier<Producing<T>>, StartCheck {

    Maker {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(function, "function");
    }

    @Override
    public Producing<T> get() {
      return new Producing<>(this);
    }

    private ProducerRecord<byte[], byte[]> output(T element) throws Exception {
      return serialization.apply(
          Objects.requireNonNull(
              function.apply(element), "the function of the sink returned no record"));
    }

    private Delivery<?, ?> delivery(SourceElement source) {
      if (source.settlement() != settlement) {
        throw new IllegalStateException(
            "the element was made of %s, which is not of the source of the sink '%s'"
                .formatted(source.element(), name));
      }
      return (Delivery<?, ?>) Objects.requireNonNull(source.element());
    }

    @Override
    public void check(String stage, List<Above> above) {
      boolean isFound = false;
      for (Above one : above) {
        switch (one) {
          case Overlap(String name) -> throw refusal(OVERLAP, stage, name);
          case Source(String name, Settlement<?> other) when other != settlement ->
              throw refusal(FOREIGN, stage, name);
          case Source(String name, Settlement<?> _) -> {
            if (isFound) {
              throw refusal(SECOND, stage, name);
            }
            isFound = true;
          }
        }
      }
    }

    private static IllegalArgumentException refusal(String text, String stage, String other) {
      return new IllegalArgumentException(text.formatted(stage, other));
    }
  }
}
