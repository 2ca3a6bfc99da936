package dev.millrace.samples.verify;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.stages.channel.Stages;
import dev.millrace.sync.TaskGroup;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One run over a repository: a pipeline sends the artifacts, a consumer app verifies them, and a
 * last consumer adds up the results.
 */
final class Verification {

  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final Path repository;
  private final String bootstrapServers;
  private final Topics topics;
  private final int concurrency;
  private final @Nullable Integer http;
  private final PrintStream err;
  private final Set<String> sent = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Exception> sendFailure = new AtomicReference<>();
  private final Channel<Boolean> moved = Channel.conflated();
  private final CancellableContext sending = Context.background().withCancel();

  Verification(
      Path repository,
      String bootstrapServers,
      Topics topics,
      int concurrency,
      @Nullable Integer http,
      PrintStream err) {
    this.repository = repository;
    this.bootstrapServers = bootstrapServers;
    this.topics = topics;
    this.concurrency = concurrency;
    this.http = http;
    this.err = err;
  }

  /**
   * The outcome of a run.
   *
   * @param missing the number of records that were sent and not handled; 0 unless the run was
   *     interrupted
   */
  record Outcome(Tally tally, long sent, long missing, Duration time, boolean interrupted) {

    /** Whether each sent record is a result or a dead letter. */
    boolean balanced() {
      return sent == tally.verified() + tally.deadLettered() + missing;
    }
  }

  /** Stops sending. Records that were sent are still verified, for a while. Thread-safe. */
  void interrupt() {
    sending.cancel();
  }

  Outcome run(List<Path> jars, Progress progress) throws Exception {
    long start = System.nanoTime();
    int missing;
    try (var producer =
        new KafkaProducer<String, String>(VerifierApp.producerProperties(bootstrapServers))) {
      var app =
          new VerifierApp(
              repository,
              topics,
              producer,
              () -> {
                progress.step();
                moved.trySend(true);
              });
      var loop =
          KafkaLoop.<String, String>builder()
              .properties(VerifierApp.consumerProperties(bootstrapServers, topics.group()))
              .topics(topics.artifacts())
              .concurrency(concurrency)
              .ordering(Ordering.UNORDERED) // jars are independent of each other
              .handler(app::handle)
              .onError(error -> err.println("the consumer goes on after: " + error))
              .onNotification(notification -> {})
              .build();
      try (var endpoint = show(loop);
          var consumers = TaskGroup.open(Context.background())) {
        consumers.fork(
            () -> {
              loop.run(consumers.context());
              return null;
            });
        send(jars, producer);
        awaitHandled(app, consumers);
        if (!consumers.context().isCancelled()) {
          loop.drain(DRAIN);
        }
        consumers.join();
      }
      missing = app.missing(sent);
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return new Outcome(addUp(), sent.size(), missing, time, sending.isCancelled());
  }

  private @Nullable LoopEndpoint show(KafkaLoop<?, ?> loop) {
    if (http == null) {
      return null;
    }
    var endpoint = LoopEndpoint.builder().port(http).loop(loop::status).start();
    err.println("the consumer is shown at " + endpoint.uri());
    return endpoint;
  }

  /**
   * The producer pipeline. Returns when the broker has acknowledged all records, or the sending was
   * stopped.
   */
  private void send(List<Path> jars, Producer<String, String> producer)
      throws InterruptedException, ExecutionException {
    try (var group = TaskGroup.open(sending)) {
      var found = Stages.<Path>producer(group, jars);
      var artifacts =
          Stages.<Path, Artifact>step(
              group, "describe", found, 2, jar -> Artifact.of(repository, jar));
      Stages.<Artifact>sink(
          group, artifacts.values(), artifacts.errors(), artifact -> send(artifact, producer));
    } catch (CancellationException e) {
      err.println("interrupted: nothing more is sent; what was sent is verified");
    }
    producer.flush();
    Exception failure = sendFailure.get();
    if (failure != null) {
      throw new ExecutionException("an artifact cannot be sent:  " + failure, failure);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // the callback sees it
  private void send(Artifact artifact, Producer<String, String> producer) {
    producer.send(
        new ProducerRecord<>(topics.artifacts(), artifact.groupId(), artifact.path()),
        (metadata, failure) -> {
          if (failure == null) {
            sent.add(artifact.path());
          } else {
            sendFailure.compareAndSet(null, failure);
          }
        });
  }

  /** Waits until all sent records are handled; after an interrupt, only for a limited time. */
  private void awaitHandled(VerifierApp app, TaskGroup consumers) throws InterruptedException {
    Instant deadline = null;
    var select =
        new Select<Boolean>()
            .onReceive(moved, one -> true)
            .onDone(consumers.context(), () -> false)
            .onTimeout(Duration.ofMillis(100), () -> true);
    while (app.missing(sent) > 0 && select.select()) {
      if (sending.isCancelled()) {
        deadline = deadline == null ? Instant.now().plus(DRAIN) : deadline;
        if (Instant.now().isAfter(deadline)) {
          return;
        }
      }
    }
  }

  /** Reads all results and dead letters. */
  private Tally addUp() {
    var tally = new Tally();
    Map<String, Object> properties =
        new HashMap<>(VerifierApp.consumerProperties(bootstrapServers, topics.group() + "-sum"));
    properties.put("enable.auto.commit", "false");
    try (Consumer<String, String> consumer = new KafkaConsumer<>(properties)) {
      List<TopicPartition> partitions =
          Stream.of(topics.results(), topics.deadLetters())
              .flatMap(
                  topic ->
                      IntStream.range(0, Topics.PARTITIONS)
                          .mapToObj(partition -> new TopicPartition(topic, partition)))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(record -> VerifierApp.count(record, topics, tally));
      }
    }
    return tally;
  }
}
