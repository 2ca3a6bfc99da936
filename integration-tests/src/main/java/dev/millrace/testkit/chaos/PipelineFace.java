package dev.millrace.testkit.chaos;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.KafkaSink;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.channel.TransactionalSink;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.service.ProcessSignals;
import dev.millrace.testkit.chaos.Event.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Pipelines that produce, on channels and on Reactor: exactly once, without and with batches; or at
 * least once.
 */
final class PipelineFace implements Face {

  private static final Duration DRAIN = Duration.ofSeconds(2);

  private final String engine;
  private final boolean atLeastOnce;
  private final Worker worker;
  private final String outputs;
  private final FaceObserver observer;

  PipelineFace(String name, Worker worker) {
    this.engine = name.endsWith("-reactor") ? "reactor" : "channels";
    this.atLeastOnce = Face.producesAtLeastOnce(name);
    this.worker = worker;
    this.outputs = worker.settings.text("outputs");
    this.observer = new FaceObserver(worker);
  }

  @Override
  public int run() throws Exception {
    var isAsked = new AtomicBoolean();
    try (var signals = ProcessSignals.catching("TERM");
        Run<Long> run = start()) {
      Thread.ofPlatform()
          .daemon()
          .name("signals")
          .start(
              () -> {
                for (String _ : signals.received()) {
                  isAsked.set(true);
                  run.drain(DRAIN);
                }
              });
      try {
        run.join();
        return 0;
      } catch (ExecutionException | CancellationException e) {
        worker.log.say(Kind.SURVIVED, -1, -1, "the run has ended: " + e);
        return isAsked.get()
            ? 0
            : 1; // records that were not committed at the end are handled again
      }
    }
  }

  private Run<Long> start() {
    var engine = Engine.named(this.engine);
    if (atLeastOnce) {
      return producing().start(engine, Context.background(), this::bury);
    }
    return switch (worker.defect()) {
      case SETTLES_EARLY -> outside().start(engine, Context.background(), this::bury);
      default -> {
        KafkaSource<String, String> source =
            with(KafkaSource.<String, String>builder())
                .transactional(worker.transactionProperties())
                .deadLetterTopic(worker.settings.text("letters"))
                .onError(e -> worker.log.say(Kind.SURVIVED, -1, -1, e.toString()))
                .onNotification(change -> {})
                .build();
        TransactionalSink<ProducerRecord<String, String>> sink =
            source.sink("produce", one -> one, new StringSerializer(), new StringSerializer());
        yield derived(source.pipe("orders"))
            .to(sink)
            .start(engine, Context.background(), source.toDeadLetters());
      }
    };
  }

  /** A record has ended when the broker has acknowledged its output. */
  private Pipeline<Long> producing() {
    KafkaSource<String, String> source =
        with(KafkaSource.<String, String>builder())
            .onError(e -> worker.log.say(Kind.SURVIVED, -1, -1, e.toString()))
            .onNotification(change -> {})
            .build();
    KafkaSink<ConsumerRecord<String, String>> sink =
        KafkaSink.builder(
                (ConsumerRecord<String, String> record) ->
                    new ProducerRecord<>(outputs, record.key(), record.value()))
            .properties(worker.outputProperties())
            .serializers(new StringSerializer(), new StringSerializer())
            .build();
    return sink.stages(handled(source.pipe("orders", worker::bury)))
        .map(
            "end",
            sent -> {
              worker.ended(sent.element());
              return sent;
            })
        .to(Sink.count());
  }

  /** The planted defect: records are settled before their output is sent. */
  private Pipeline<Long> outside() {
    KafkaSource<String, String> source = with(KafkaSource.<String, String>builder()).build();
    Executor later = CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS);
    var own =
        worker.closing(new OwnOutput(worker, outputs, record -> {})); // produces what it is given
    return source
        .pipe("orders", worker::bury)
        .map("handle", this::handled)
        .filter(
            "forget",
            record -> {
              later.execute(() -> send(own, record));
              return false;
            })
        .to(Sink.count());
  }

  /** Not in the transaction. */
  private void bury(Failure<?> failure) throws Exception {
    var record = (ConsumerRecord<?, ?>) failure.element();
    worker.bury(
        new DeadLetter(
            new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                bytes(record.key()),
                bytes(record.value())),
            DeadLetter.HANDLE,
            Worker.ATTEMPTS,
            failure.cause()));
  }

  private static byte[] bytes(Object text) {
    return String.valueOf(text).getBytes(StandardCharsets.UTF_8);
  }

  private static void send(OwnOutput own, ConsumerRecord<String, String> record) {
    try {
      own.handle(record);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private Pipe<ProducerRecord<String, String>> derived(
      Pipe<ConsumerRecord<String, String>> orders) {
    Pipe<ConsumerRecord<String, String>> handled = handled(orders);
    String batch = worker.settings.text("batch", "");
    if (batch.isEmpty()) {
      return handled.flatMap("derive", this::derived);
    }
    return handled
        .batch("batch", Integer.parseInt(batch), Duration.ofMillis(30))
        .flatMap(
            "derive",
            records -> records.stream().map(this::derived).flatMap(List::stream).toList());
  }

  private List<ProducerRecord<String, String>> derived(ConsumerRecord<String, String> record) {
    return Derived.of(record).stream().map(one -> one.in(outputs, record.key())).toList();
  }

  private Pipe<ConsumerRecord<String, String>> handled(Pipe<ConsumerRecord<String, String>> pipe) {
    int concurrency = worker.settings.number("concurrency");
    Ordering ordering = worker.ordering();
    return switch (ordering) {
      case UNORDERED -> pipe.mapParallelUnordered("handle", concurrency, this::handled);
      case KEY -> pipe.mapKeyed("handle", concurrency, record -> "" + record.key(), this::handled);
      case PARTITION ->
          pipe.mapKeyed("handle", concurrency, ConsumerRecord::partition, this::handled);
    };
  }

  private ConsumerRecord<String, String> handled(ConsumerRecord<String, String> record)
      throws Exception {
    for (int attempt = 1; ; attempt++) {
      try {
        if (atLeastOnce) {
          worker.started(record);
          worker.work(record);
        } else {
          worker.handle(record);
        }
        return record;
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        if (attempt == Worker.ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private <B extends ConsumerBuilder<String, String, B>> B with(B builder) {
    return builder
        .properties(worker.consumerProperties())
        .deserializers(new TextDeserializer(), new TextDeserializer())
        .topics(worker.settings.text("topic"))
        .buffer(100)
        .lookAhead(1000)
        .commitInterval(Duration.ofMillis(200))
        .commitEvery(100)
        .revokeTimeout(Duration.ofSeconds(1))
        .closeTimeout(Duration.ofSeconds(3))
        .observer(observer);
  }
}
