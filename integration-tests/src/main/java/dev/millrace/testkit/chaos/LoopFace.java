package dev.millrace.testkit.chaos;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Output;
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
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The loops, on channels and on Reactor. */
final class LoopFace implements Face {

  private static final Duration LINGER = Duration.ofMillis(20);

  private final String name;
  private final Worker worker;
  private final Knobs knobs;

  /** The topic of the outputs; empty without outputs. */
  private final String outputs;

  private final RecordHandler<String, String> handler;
  private final BatchHandler<String, String> batches;

  LoopFace(String name, Worker worker) {
    this.name = name;
    this.worker = worker;
    this.knobs = Knobs.parse(worker.settings.text("knobs", ""));
    this.outputs = worker.settings.text("outputs", "");
    var planted = new PlantedHandler(worker);
    this.handler =
        producesOutside() ? worker.closing(new OwnOutput(worker, outputs, planted)) : planted;
    this.batches = new PlantedBatches(worker);
  }

  private boolean producesOutside() {
    return worker.defect() == Defect.PRODUCES_OUTSIDE || worker.defect() == Defect.FORGETS_OFFSETS;
  }

  /** Whether the loop itself produces the outputs. */
  private boolean isExact() {
    return !outputs.isEmpty() && !producesOutside();
  }

  @Override
  public int run() throws Exception {
    Loop loop = name.contains("reactor") ? onReactor().build() : onChannels().build();
    try (var _ = Turning.of(worker, loop, knobs)) {
      return LoopProcess.run(loop, Duration.ofSeconds(4));
    }
  }

  private KafkaLoop.Builder<String, String> onChannels() {
    KafkaLoop.Builder<String, String> builder = with(KafkaLoop.builder());
    if (knobs.has(Knob.ROUTES)) {
      return builder.routes(routes());
    }
    deserializing(builder);
    if (isExact()) {
      return builder.transactionalHandler(
          new StringSerializer(), new StringSerializer(), this::produce);
    }
    return knobs.has(Knob.BATCHES)
        ? builder.batchHandler(batch(), LINGER, batches)
        : builder.handler(handler);
  }

  private ReactorKafkaLoop.Builder<String, String> onReactor() {
    ReactorKafkaLoop.Builder<String, String> builder = with(ReactorKafkaLoop.builder());
    boolean blocks = name.endsWith("blocking");
    if (knobs.has(Knob.ROUTES)) {
      return blocks ? builder.routes(routes()) : builder.reactiveRoutes(reactiveRoutes());
    }
    return blocks ? blocking(deserializing(builder)) : reactive(deserializing(builder));
  }

  private ReactorKafkaLoop.Builder<String, String> blocking(
      ReactorKafkaLoop.Builder<String, String> builder) {
    if (isExact()) {
      return builder.blockingTransactionalHandler(
          new StringSerializer(), new StringSerializer(), this::produce);
    }
    return knobs.has(Knob.BATCHES)
        ? builder.blockingBatchHandler(batch(), LINGER, batches)
        : builder.blockingHandler(handler);
  }

  private ReactorKafkaLoop.Builder<String, String> reactive(
      ReactorKafkaLoop.Builder<String, String> builder) {
    if (isExact()) {
      return builder.transactionalHandler(
          new StringSerializer(),
          new StringSerializer(),
          record -> handled(record).thenMany(Flux.fromStream(() -> outputs(record))));
    }
    return knobs.has(Knob.BATCHES)
        ? builder.batchHandler(batch(), LINGER, records -> publisher(() -> batches.handle(records)))
        : builder.handler(this::handled);
  }

  /** The size of batches. */
  private int batch() {
    return worker.defect() == Defect.BATCHES_TOO_LARGE ? 2 * Knobs.BATCH : Knobs.BATCH;
  }

  private void produce(ConsumerRecord<String, String> record, Output<String, String> output)
      throws Exception {
    outputs(record).forEach(output::send);
    handler.handle(record);
  }

  private Stream<ProducerRecord<String, String>> outputs(ConsumerRecord<String, String> record) {
    return Derived.of(record).stream().map(one -> one.in(outputs, record.key()));
  }

  private Mono<Void> handled(ConsumerRecord<String, String> record) {
    return publisher(() -> handler.handle(record));
  }

  private interface Step {
    void run() throws Exception;
  }

  private static Mono<Void> publisher(Step step) {
    return Mono.<Void>fromCallable(
            () -> {
              step.run();
              return null;
            })
        .subscribeOn(Schedulers.boundedElastic());
  }

  private Routes routes() {
    return Routes.of(
        Route.of("other", TextDeserializer::new, TextDeserializer::new, LoopFace::refuse),
        Route.matching(
            Pattern.compile(Pattern.quote(worker.settings.text("topic"))),
            TextDeserializer::new,
            TextDeserializer::new,
            handler));
  }

  private static void refuse(ConsumerRecord<String, String> record) {
    throw new AssertionError("a route of another topic has got " + record);
  }

  private ReactiveRoutes reactiveRoutes() {
    return ReactiveRoutes.of(
        ReactiveRoutes.route(
            worker.settings.text("topic"),
            TextDeserializer::new,
            TextDeserializer::new,
            this::handled));
  }

  private <B extends LoopBuilder<String, String, B>> B with(B builder) {
    return failing(reading(knobs.applyTo(builder, worker)))
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
        .observer(new FaceObserver(worker))
        .onError(this::survived)
        .onNotification(change -> {});
  }

  /** Retries, and places for records without attempts left. */
  private <B extends LoopBuilder<String, String, B>> B failing(B builder) {
    builder
        .retry(Worker.ATTEMPTS, Backoff.exponential(Duration.ofMillis(20), Duration.ofMillis(200)))
        .deadLetterBackoff(
            Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(1)).withJitter(0.2));
    boolean retries = name.startsWith(RETRY_TOPICS);
    if (retries) {
      builder.retryTopic(worker.settings.text("retry"), Duration.ofMillis(1500));
    }
    boolean sends = retries || knobs.has(Knob.LETTER_TOPIC);
    if (isExact() || sends) {
      builder.producerProperties(
          isExact() ? worker.transactionProperties() : worker.letterProperties());
    }
    return isExact() || knobs.has(Knob.LETTER_TOPIC)
        ? builder.deadLetterTopic(worker.settings.text("letters"))
        : builder.deadLetters(worker::bury);
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
