package dev.millrace.testkit.chaos;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Output;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.SimulatedPlan.Mode;
import dev.millrace.testkit.chaos.simulation.SimulatedConsumer;
import dev.millrace.testkit.chaos.simulation.SimulatedLink;
import dev.millrace.testkit.simulation.SimulatedProcess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A member of a round in the simulation: a process with one loop. */
final class SimulatedMember {

  private static final Duration DRAIN = Duration.ofSeconds(4);
  private static final Duration LAST_THREADS = Duration.ofSeconds(3);
  private static final Duration LINGER = Duration.ofMillis(20);
  private static final Duration RETRY_DELAY = Duration.ofMillis(1500);
  private static final int SLOWEST = 1500;

  final String name;
  final SimulatedRound round;
  final SimulatedLink link;
  final SimulatedProcess process;
  private final CancellableContext context = Context.background().withCancel();
  private final PlantedWork work = new PlantedWork(this);
  final MemberProducers producers = new MemberProducers(this);
  private @Nullable SimulatedConsumer consumer;
  private @Nullable Loop loop;
  private long epochs;
  private long batches; // one thread of the simulation runs at a time
  private long deafUntil = Time.nanoTime();
  private boolean asked;
  private boolean frozen;
  private boolean ended;
  private String last = "";

  /** Of the threads that are left at the end; for people. */
  String stacks = "";

  SimulatedMember(String name, SimulatedRound round) {
    this.name = name;
    this.round = round;
    this.link = new SimulatedLink(name);
    this.process = SimulatedProcess.named(name);
  }

  void tell(Kind kind, int partition, long offset, long epoch, String key, String text) {
    round.tell(name, kind, partition, offset, epoch, key, text);
  }

  private void tell(Kind kind, ConsumerRecord<?, ?> record, String text) {
    if (isInput(record)) {
      tell(kind, record.partition(), record.offset(), -1, "" + record.key(), text);
    } else if (kind == Kind.END) {
      LetterLookup.Position of = MemberProducers.retry(record.headers());
      tell(Kind.RETRIED, of.partition(), of.offset(), -1, "", text);
    }
  }

  /** Whether it is not from the retry topic. */
  static boolean isInput(ConsumerRecord<?, ?> record) {
    return record.topic().equals(SimulatedRound.TOPIC);
  }

  // Life

  void start() {
    process.start(this::run);
  }

  private void run() {
    long status = 0;
    String problem = "";
    try {
      if (round.defect.isNaive()) {
        new NaiveMember(this, newConsumer(properties())).run();
      } else {
        Loop made = build();
        loop = made;
        made.run(context);
      }
    } catch (ExecutionException | InterruptedException | RuntimeException e) {
      status = context.cause() != null ? 0 : 1;
      problem = e + " " + e.getCause();
      last = problem;
    }
    long deadline = Time.nanoTime() + LAST_THREADS.toNanos();
    while (left().size() > 0 && Time.nanoTime() < deadline) {
      Time.parkNanos(this, Duration.ofMillis(50).toNanos());
    }
    stacks = left().isEmpty() ? "" : process.stacks();
    tell(Kind.CLOSED, -1, -1, -1, "", String.join(", ", left()));
    tell(Kind.EXITED, -1, status, -1, "", problem);
    ended = true;
  }

  /** The threads that are left of the loop. */
  private List<String> left() {
    return process.threads().stream().filter(one -> !one.endsWith("end-of-" + name)).toList();
  }

  /** As SIGTERM: the loop drains, and is cancelled if that takes too long. */
  void terminate() {
    asked = true;
    tell(Kind.TERMINATED, -1, -1, -1, "", "");
    Loop present = loop;
    process.start(
        () -> {
          Thread.ofVirtual().name("end-of-" + name).start(this::force);
          try {
            if (present != null && round.defect != PlantedInSimulation.CLOSES_LATE) {
              present.drain(DRAIN);
            }
          } catch (InterruptedException | IllegalStateException e) {
            last = e.toString();
          }
        });
  }

  private void force() {
    Time.parkNanos(this, DRAIN.plusSeconds(1).toNanos());
    if (round.defect != PlantedInSimulation.CLOSES_LATE) {
      context.cancel();
    }
  }

  void kill() {
    ended = true;
    process.kill();
    tell(Kind.KILLED, -1, -1, -1, "", "");
    tell(Kind.EXITED, -1, 137, -1, "", "");
  }

  void freeze() {
    frozen = true;
    process.freeze();
    tell(Kind.STOPPED, -1, -1, -1, "", "");
  }

  void thaw() {
    if (frozen && !ended) {
      frozen = false;
      tell(Kind.CONTINUED, -1, -1, -1, "", "");
      process.thaw();
    }
  }

  /** Whether it is a member that can be disturbed. */
  boolean isWorking() {
    return !asked && !ended && !frozen;
  }

  boolean hasEnded() {
    return ended;
  }

  void beat() {
    SimulatedConsumer known = consumer;
    if (!ended && !frozen && known != null && !asked) {
      tell(Kind.BEAT, -1, known.sincePoll().toMillis(), 0, "", "");
    }
  }

  // The loop

  private Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", "simulated");
    properties.put("group.id", "simulated");
    properties.put("client.id", name);
    properties.put("auto.offset.reset", round.plan.latest() ? "latest" : "earliest");
    properties.put("max.poll.records", "10");
    properties.put("session.timeout.ms", "4000");
    properties.put("max.poll.interval.ms", "15000");
    properties.put(
        "isolation.level",
        round.defect == PlantedInSimulation.READS_UNCOMMITTED
            ? "read_uncommitted"
            : "read_committed");
    return properties;
  }

  private SimulatedConsumer newConsumer(Map<String, Object> properties) {
    var made = new SimulatedConsumer(round.broker, link, properties, this::committed);
    consumer = made;
    return made;
  }

  /** The broker has answered a commit. */
  private void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
    offsets.forEach(
        (partition, offset) -> {
          if (partition.topic().equals(SimulatedRound.TOPIC)) {
            tell(Kind.COMMIT, partition.partition(), offset.offset(), -1, "", "");
          }
        });
  }

  private Loop build() {
    LoopBuilder<String, String, ?> builder =
        round.face == SimulatedFace.CHANNEL ? channel() : reactor();
    SimulatedPlan plan = round.plan;
    builder
        .properties(properties())
        .deserializers(new StringDeserializer(), new Text())
        .topics(SimulatedRound.TOPIC)
        .ordering(
            dev.millrace.kafka.Ordering.valueOf(
                round.defect == PlantedInSimulation.TWO_OF_A_KEY
                    ? "UNORDERED"
                    : plan.ordering().name()))
        .concurrency(round.defect.concurrency(plan.concurrency()))
        .buffer(20)
        .lookAhead(100)
        .commitInterval(Duration.ofMillis(200))
        .commitEvery(100)
        .revokeTimeout(Duration.ofSeconds(1))
        .closeTimeout(Duration.ofSeconds(3))
        .drainTimeout(Duration.ofSeconds(2))
        .retry(
            SimulatedRound.ATTEMPTS,
            Backoff.exponential(Duration.ofMillis(20), Duration.ofMillis(200)))
        .deadLetterBackoff(
            Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(1)).withJitter(0.2))
        .observer(observer())
        .onError(error -> last = error.toString())
        .onNotification(change -> {})
        .consumer(this::asConsumer);
    Drafts.consumer(builder).adminFactory = SimulatedMember::noAdmin;
    if (isExact()) {
      builder.deadLetterTopic(SimulatedRound.LETTERS);
      Drafts.loop(builder).producerFactory = producers::inTransactions;
    } else if (plan.retries()) {
      builder
          .retryTopic(SimulatedRound.RETRIES, RETRY_DELAY)
          .deadLetterTopic(SimulatedRound.LETTERS);
      Drafts.loop(builder).producerFactory = producers::ofLetters;
    } else {
      builder.deadLetters(this::bury);
    }
    return builder.build();
  }

  /** Whether the loop itself produces the outputs. */
  private boolean isExact() {
    return round.plan.mode() == Mode.TRANSACTION && !round.defect.isOutside();
  }

  private LoopBuilder<String, String, ?> channel() {
    KafkaLoop.Builder<String, String> builder = KafkaLoop.builder();
    SimulatedPlan plan = round.plan;
    return isExact()
        ? builder.transactionalHandler(new StringSerializer(), new StringSerializer(), this::make)
        : plan.mode() == Mode.BATCH
            ? builder.batchHandler(plan.batch(), LINGER, this::handleAll)
            : builder.handler(work::handle);
  }

  private LoopBuilder<String, String, ?> reactor() {
    ReactorKafkaLoop.Builder<String, String> builder = ReactorKafkaLoop.builder();
    SimulatedPlan plan = round.plan;
    boolean blocks = round.face == SimulatedFace.BLOCKING;
    if (isExact()) {
      return blocks
          ? builder.blockingTransactionalHandler(
              new StringSerializer(), new StringSerializer(), this::make)
          : builder.transactionalHandler(
              new StringSerializer(),
              new StringSerializer(),
              record -> elsewhere(() -> work.handle(record)).thenMany(outputs(record)));
    }
    if (plan.mode() == Mode.BATCH) {
      return blocks
          ? builder.blockingBatchHandler(plan.batch(), LINGER, this::handleAll)
          : builder.batchHandler(plan.batch(), LINGER, all -> elsewhere(() -> handleAll(all)));
    }
    return blocks
        ? builder.blockingHandler(work::handle)
        : builder.handler(record -> elsewhere(() -> work.handle(record)));
  }

  private void make(ConsumerRecord<String, String> record, Output<String, String> output)
      throws Exception {
    Derived.of(record).forEach(one -> output.send(one.in(SimulatedRound.OUTPUTS, record.key())));
    work.handle(record);
  }

  private static Flux<ProducerRecord<String, String>> outputs(
      ConsumerRecord<String, String> record) {
    return Flux.fromIterable(Derived.of(record))
        .map(one -> one.in(SimulatedRound.OUTPUTS, record.key()));
  }

  private interface Action {
    void run() throws Exception;
  }

  /** A publisher that does it in a thread of its own, until it is cancelled. */
  private static Mono<Void> elsewhere(Action action) {
    return Mono.create(
        sink -> {
          Thread thread =
              Thread.ofVirtual()
                  .name("handler")
                  .unstarted(
                      () -> {
                        try {
                          action.run();
                          sink.success();
                        } catch (Exception e) {
                          sink.error(e);
                        }
                      });
          sink.onDispose(thread::interrupt);
          thread.start();
        });
  }

  private Consumer<byte[], byte[]> asConsumer(Map<String, Object> properties) {
    return newConsumer(properties);
  }

  private static Admin noAdmin(Map<String, Object> properties) {
    throw new KafkaException("the simulated broker has no admin client");
  }

  /** Text that cannot be read if it is garbage. */
  private static final class Text implements Deserializer<String> {
    @Override
    public String deserialize(String topic, byte[] bytes) {
      String text = new String(bytes, StandardCharsets.UTF_8);
      if (text.startsWith(Traffic.GARBAGE)) {
        throw new SerializationException("garbage");
      }
      return text;
    }
  }

  private ConsumerObserver observer() {
    return new ConsumerObserver() {
      @Override
      public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
        if (!status.get().partition().topic().equals(SimulatedRound.TOPIC)) {
          return PartitionObserver.NONE;
        }
        long epoch = ++epochs;
        int partition = status.get().partition().partition();
        tell(Kind.ASSIGNED, partition, -1, epoch, "", "");
        return new PartitionObserver() {
          @Override
          public void released() {
            tell(Kind.RELEASED, partition, status.get().inFlight(), epoch, "", "");
          }
        };
      }
    };
  }

  // Work

  void handle(ConsumerRecord<String, String> record) throws Exception {
    started(record);
    try {
      effort();
      if (fails(record)) {
        throw new IllegalStateException("it fails");
      }
      if (round.defect.isOutside()) {
        work.produce(record);
      }
    } catch (Exception e) {
      tell(Kind.FAILED, record, e.toString());
      throw e;
    }
    ended(record);
  }

  void started(ConsumerRecord<?, ?> record) {
    tell(Kind.START, record, "");
  }

  void ended(ConsumerRecord<?, ?> record) {
    tell(Kind.END, record, "");
  }

  /** Handlers that begin before this time end after it, and ignore interrupts until then. */
  void deafUntil(long nanos) {
    deafUntil = nanos;
  }

  private void effort() throws InterruptedException {
    boolean interrupted = false;
    for (long left; (left = deafUntil - Time.nanoTime()) > 0; ) {
      Time.parkNanos(this, left);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      throw new InterruptedException("after it was deaf");
    }
    var random = ThreadLocalRandom.current();
    double dice = random.nextDouble();
    Time.sleep(
        Duration.ofMillis(dice < 0.01 ? SLOWEST : dice < 0.05 ? SLOWEST / 10 : random.nextInt(3)));
  }

  private boolean fails(ConsumerRecord<String, String> record) {
    return record.value().startsWith(Traffic.POISON)
        || ThreadLocalRandom.current().nextDouble() < round.plan.disorder();
  }

  private void handleAll(List<ConsumerRecord<String, String>> given) throws Exception {
    List<ConsumerRecord<String, String>> records =
        round.defect == PlantedInSimulation.REVERSES_BATCHES ? given.reversed() : given;
    String batch = "batch " + ++batches;
    records.forEach(record -> tell(Kind.START, record, batch));
    try {
      boolean isBad = false;
      for (ConsumerRecord<String, String> record : records) {
        isBad |= fails(record);
      }
      effort();
      if (isBad) {
        throw new IllegalStateException("it fails");
      }
    } catch (Exception e) {
      records.forEach(record -> tell(Kind.FAILED, record, "in a batch"));
      throw e;
    }
    records.forEach(this::ended);
  }

  private void bury(DeadLetter letter) {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    round.broker.store(
        link, Duration.ofSeconds(2), () -> round.buried(record.partition(), record.offset()));
    tell(Kind.LETTER, record.partition(), record.offset(), -1, "", "");
  }

  @Override
  public String toString() {
    Loop known = loop;
    return "%s: %s%s, last %s%s"
        .formatted(
            name,
            ended ? "ended" : frozen ? "frozen" : asked ? "asked" : "works",
            known == null || ended ? "" : " " + known.health(),
            last,
            ended ? "" : " threads " + process.threads() + process.stacks());
  }
}
