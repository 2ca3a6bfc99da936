package dev.millrace.testkit.chaos;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.builder.Route;
import dev.millrace.kafka.builder.Routes;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import dev.millrace.kafka.reactor.ReactiveRoutes;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.Knobs.Knob;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The loops, on channels and on Reactor. */
final class LoopFace implements Face {

  private final String name;
  private final Worker worker;
  private final Knobs knobs;

  LoopFace(String name, Worker worker) {
    this.name = name;
    this.worker = worker;
    this.knobs = Knobs.parse(worker.settings.text("knobs", ""));
  }

  @Override
  public int run() throws Exception {
    RecordHandler<String, String> handler = new PlantedHandler(worker);
    Loop loop =
        switch (name) {
          case "channel" -> channel(handler);
          case RETRY_TOPICS ->
              retrying(
                      handling(
                          with(KafkaLoop.<String, String>builder()).deadLetters(worker::bury),
                          worker::handle))
                  .build();
          case RETRY_TOPICS + "-reactor" -> retrying(reactive(worker::handle)).build();
          case RETRY_TOPICS + "-reactor-blocking" -> retrying(blocking(worker::handle)).build();
          case "reactor-blocking" -> blocking(handler).build();
          default -> reactive(handler).build();
        };
    try (var _ = Turning.of(worker, loop, knobs)) {
      return LoopProcess.run(loop, Duration.ofSeconds(4));
    }
  }

  private <B extends LoopBuilder<String, String, B>> B retrying(B builder) {
    return builder
        .retryTopic(worker.settings.text("retry"), Duration.ofMillis(1500))
        .producerProperties(worker.retryProperties());
  }

  private ReactorKafkaLoop.Builder<String, String> blocking(RecordHandler<String, String> handler) {
    ReactorKafkaLoop.Builder<String, String> builder =
        with(ReactorKafkaLoop.<String, String>builder()).deadLetters(worker::bury);
    return knobs.has(Knob.ROUTES)
        ? builder.routes(routes(handler))
        : deserializing(builder).blockingHandler(handler);
  }

  private ReactorKafkaLoop.Builder<String, String> reactive(RecordHandler<String, String> handler) {
    ReactorKafkaLoop.Builder<String, String> builder =
        with(ReactorKafkaLoop.<String, String>builder()).deadLetters(worker::bury);
    return knobs.has(Knob.ROUTES)
        ? builder.reactiveRoutes(
            ReactiveRoutes.of(
                ReactiveRoutes.route(
                    worker.settings.text("topic"),
                    TextDeserializer::new,
                    TextDeserializer::new,
                    record -> publisher(handler, record))))
        : deserializing(builder).handler(record -> publisher(handler, record));
  }

  private KafkaLoop.Builder<String, String> handling(
      KafkaLoop.Builder<String, String> builder, RecordHandler<String, String> handler) {
    return knobs.has(Knob.ROUTES)
        ? builder.routes(routes(handler))
        : deserializing(builder).handler(handler);
  }

  private Routes routes(RecordHandler<String, String> handler) {
    String topic = worker.settings.text("topic");
    return Routes.of(
        Route.of("other", TextDeserializer::new, TextDeserializer::new, LoopFace::refuse),
        Route.matching(
            Pattern.compile(Pattern.quote(topic)),
            TextDeserializer::new,
            TextDeserializer::new,
            handler));
  }

  private static void refuse(ConsumerRecord<String, String> record) {
    throw new AssertionError("a route of another topic has got " + record);
  }

  private Loop channel(RecordHandler<String, String> handler) {
    KafkaLoop.Builder<String, String> builder = with(KafkaLoop.builder());
    String outputs = worker.settings.text("outputs", "");
    if (outputs.isEmpty()) {
      return handling(builder.deadLetters(worker::bury), handler).build();
    }
    return switch (worker.defect()) {
      case PRODUCES_OUTSIDE, FORGETS_OFFSETS ->
          deserializing(builder)
              .deadLetters(worker::bury)
              .handler(worker.closing(new OwnOutput(worker, outputs, handler)))
              .build();
      default ->
          deserializing(builder)
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
    return reading(knobs.applyTo(builder, worker))
        .properties(worker.consumerProperties())
        .ordering(worker.defect() == Defect.TWO_OF_A_KEY ? Ordering.UNORDERED : worker.ordering())
        .concurrency(concurrency())
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
        .observer(new FaceObserver(worker))
        .onError(this::survived)
        .onNotification(change -> {});
  }

  /** A group, or the positions that the conductor gives. */
  private <B extends LoopBuilder<String, String, B>> B reading(B builder) {
    String topic = worker.settings.text("topic");
    String text = worker.settings.text("positions", "");
    if (text.isEmpty()) {
      return builder.topics(topic);
    }
    Map<TopicPartition, Long> positions = new HashMap<>();
    Stream.of(text.split(",", -1))
        .forEach(
            one -> {
              int at = one.indexOf(':');
              positions.put(
                  new TopicPartition(topic, Integer.parseInt(one.substring(0, at))),
                  Long.parseLong(one.substring(at + 1)));
            });
    return builder.assign(
        Reading.offsets(positions)
            .onPosition(
                (name, offset) -> worker.log.partition(Kind.COMMIT, name.partition(), offset, -1)));
  }

  private static <B extends LoopBuilder<String, String, B>> B deserializing(B builder) {
    return builder.deserializers(new TextDeserializer(), new TextDeserializer());
  }

  private int concurrency() {
    int allowed = worker.settings.number("concurrency");
    return switch (worker.defect()) {
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
}
