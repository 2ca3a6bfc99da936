package dev.millrace.kafka.channel;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import java.util.function.Supplier;

/**
 * Kafka as the sink of an exactly-once pipeline: {@link KafkaSource#sink} makes it. The record of
 * each element is sent in the transaction that commits the source records of that element. A reader
 * of committed records sees both, or neither.
 *
 * <pre>{@code
 * KafkaSource<String, Order> orders =
 *     KafkaSource.<String, Order>builder().properties(…).topics("orders").transactional().build();
 * TransactionalSink<Price> prices =
 *     orders.sink("prices", this::toRecord, new StringSerializer(), new PriceSerializer());
 * Pipeline<Long> job = orders.pipe("orders").mapParallel("price", 64, this::price).to(prices);
 * }</pre>
 *
 * <p>The sink sends nothing itself. It serializes the record in the thread of its stage, and
 * attaches it to the source records. The records go into the next transaction when all source
 * records are settled, together with all records before them. They are sent in the order of the
 * pipe. A source record may have any number of outputs, by {@code flatMap} or in several sinks. An
 * element that a filter drops has none. An element that was made of several records, such as a
 * batch, has its output in the transaction that commits all of them. Give a batch a time limit. If
 * a partition is lost in the middle of a batch, all records are handled again, and they begin when
 * the records under way have ended.
 *
 * <p>If the function or a serializer throws, the element is a failure of the stage. {@link
 * KafkaSource#toDeadLetters} puts its source records into the dead letters, in the same
 * transaction.
 *
 * <p>The result of the run is the number of elements whose records were attached. At the end of a
 * run, the last transaction commits the settled ones. If it fails, {@code join} throws.
 *
 * <p>Memory: outputs are held until their transaction is committed. The source holds at most {@link
 * KafkaSource.Builder#lookAhead} records of a partition from the first uncommitted one on, and all
 * their outputs. Outputs of settled records count as bytes of {@link
 * KafkaSource.Builder#lookAheadBytes}.
 *
 * <p>Exactly once is about records in Kafka. Other effects of the stages may happen twice: when a
 * partition is revoked in the middle, its records are redelivered, and their first outputs are
 * dropped. The same is true of the memory of a stage. A stage that remembers elements, such as
 * {@code distinct}, takes a redelivered record for a duplicate, and drops it without output. So do
 * not use such a stage in an exactly-once pipeline.
 *
 * <p>Thread-safe. No method blocks.
 *
 * @param <T> the type of the elements
 */
public final class TransactionalSink<T> implements Sink<T, Long> {

  private final String name;
  private final Supplier<Producing<T>> stage;

  TransactionalSink(String name, Supplier<Producing<T>> stage) {
    this.name = name;
    this.stage = stage;
  }

  /**
   * The stage of the sink, behind a pipe that goes on: it emits each element when its record is
   * attached. Several sinks may follow each other, or stand in branches.
   */
  @SuppressWarnings("unchecked") // a pipe only gives elements
  public Pipe<T> stages(Pipe<? extends T> pipe) {
    return ((Pipe<T>) pipe).via(name, stage);
  }

  @Override
  public Pipeline<Long> complete(Pipe<? extends T> pipe) {
    return stages(pipe).to(Sink.count());
  }

  /**
   * Always throws: without its stage, the sink does not know the source records.
   *
   * @throws IllegalStateException always
   */
  @Override
  public Receiver<T, Long> open(Context context) {
    throw new IllegalStateException(
        "the sink '%s' must know which records an element was made of: give it to Pipe.to(…), or use stages(…)"
            .formatted(name));
  }
}
