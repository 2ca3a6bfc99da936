package dev.millrace.testkit.chaos;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The loops, on channels and on Reactor. */
final class LoopFace implements Face {

  private final String name;
  private final Worker worker;
  private final AtomicLong epochs = new AtomicLong();

  LoopFace(String name, Worker worker) {
    this.name = name;
    this.worker = worker;
  }

  @Override
  public int run() throws Exception {
    RecordHandler<String, String> handler = new PlantedHandler(worker);
    Loop loop =
        switch (name) {
          case "channel" -> channel(handler);
          case "reactor-blocking" ->
              with(ReactorKafkaLoop.<String, String>builder())
                  .deadLetters(worker::bury)
                  .blockingHandler(handler)
                  .build();
          default ->
              with(ReactorKafkaLoop.<String, String>builder())
                  .deadLetters(worker::bury)
                  .handler(record -> publisher(handler, record))
                  .build();
        };
    return LoopProcess.run(loop, Duration.ofSeconds(4));
  }

  private Loop channel(RecordHandler<String, String> handler) {
    KafkaLoop.Builder<String, String> builder = with(KafkaLoop.builder());
    String outputs = worker.settings.text("outputs", "");
    if (outputs.isEmpty()) {
      return builder.deadLetters(worker::bury).handler(handler).build();
    }
    return switch (worker.settings.defect()) {
      case PRODUCES_OUTSIDE, FORGETS_OFFSETS ->
          builder
              .deadLetters(worker::bury)
              .handler(worker.closing(new OwnOutput(worker, outputs, handler)))
              .build();
      default ->
          builder
              .deadLetterTopic(worker.settings.text("letters"))
              .producerProperties(worker.transactionProperties())
              .transactionalHandler(
                  new StringSerializer(),
                  new StringSerializer(),
                  (record, output) -> {
                    Derived.of(record).forEach(one -> output.send(one.in(outputs, record.key())));
                    handler.handle(record);
                  })
              .build();
    };
  }

  private static Mono<?> publisher(
      RecordHandler<String, String> handler, ConsumerRecord<String, String> record) {
    return Mono.fromCallable(
            () -> {
              handler.handle(record);
              return record;
            })
        .subscribeOn(Schedulers.boundedElastic());
  }

  private <B extends LoopBuilder<String, String, B>> B with(B builder) {
    WorkerSettings settings = worker.settings;
    return builder
        .properties(worker.consumerProperties())
        .deserializers(new TextDeserializer(), new TextDeserializer())
        .topics(settings.text("topic"))
        .ordering(
            settings.defect() == Defect.TWO_OF_A_KEY ? Ordering.UNORDERED : settings.ordering())
        .concurrency(concurrency(settings))
        .buffer(100)
        .lookAhead(1000)
        .commitInterval(Duration.ofMillis(200))
        .commitEvery(100)
        .revokeTimeout(Duration.ofSeconds(1))
        .closeTimeout(Duration.ofSeconds(3))
        .drainTimeout(Duration.ofSeconds(2))
        .retry(Worker.ATTEMPTS, Backoff.exponential(Duration.ofMillis(20), Duration.ofMillis(200)))
        .deadLetterBackoff(
            Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(1)).withJitter(0.2))
        .observer(observer())
        .onError(this::survived)
        .onNotification(change -> {});
  }

  private static int concurrency(WorkerSettings settings) {
    int allowed = settings.number("concurrency");
    return switch (settings.defect()) {
      case TOO_MANY_AT_ONCE -> 2 * allowed;
      case SETTLES_EARLY -> allowed / 2; // handlers of settled records still run, and must be few
      default -> allowed;
    };
  }

  private void survived(Exception error) {
    if (!(error instanceof RecordFailedException)) { // these records are in the log already
      worker.log.say(Kind.SURVIVED, -1, -1, error.toString());
    }
  }

  private ConsumerObserver observer() {
    return new ConsumerObserver() {
      @Override
      public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
        long epoch = epochs.incrementAndGet();
        int partition = status.get().partition().partition();
        worker.log.partition(Kind.ASSIGNED, partition, -1, epoch);
        return new PartitionObserver() {
          @Override
          public void released() {
            int begun = status.get().inFlight();
            worker.log.partition(Kind.RELEASED, partition, begun, epoch);
          }
        };
      }

      @Override
      public void commitFailed(String group, Exception failure) {
        worker.log.say(Kind.SURVIVED, -1, -1, "a commit failed: " + failure);
      }
    };
  }
}
