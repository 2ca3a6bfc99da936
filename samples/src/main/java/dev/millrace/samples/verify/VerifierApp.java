package dev.millrace.samples.verify;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The handler: verifies the jar that a record names, and sends the outcome to the results or to the
 * dead letters. It returns when the broker has acknowledged the outcome. So a record is settled
 * only after its outcome is safe.
 */
final class VerifierApp {

  static final String CHECK = "check";
  static final String ENTRIES = "entries";
  static final String BYTES = "bytes";
  static final String REASON = "reason";
  static final String DETAIL = "detail";
  static final String SOURCE = "source";

  private final Path repository;
  private final Topics topics;
  private final Producer<String, String> producer;
  private final Runnable onHandled;
  private final Set<String> handled = ConcurrentHashMap.newKeySet();

  VerifierApp(
      Path repository, Topics topics, Producer<String, String> producer, Runnable onHandled) {
    this.repository = repository;
    this.topics = topics;
    this.producer = producer;
    this.onHandled = onHandled;
  }

  void handle(ConsumerRecord<String, String> record) throws Exception {
    ProducerRecord<String, String> outcome;
    try {
      Verified verified = JarVerifier.verify(Artifact.resolve(repository, record.value()));
      outcome = new ProducerRecord<>(topics.results(), record.key(), record.value());
      put(outcome.headers(), CHECK, verified.check());
      put(outcome.headers(), ENTRIES, verified.entries());
      put(outcome.headers(), BYTES, verified.bytes());
    } catch (RejectedException e) {
      outcome = new ProducerRecord<>(topics.deadLetters(), record.key(), record.value());
      put(outcome.headers(), REASON, e.reason().name());
      put(outcome.headers(), DETAIL, Objects.requireNonNullElse(e.getMessage(), ""));
    }
    put(outcome.headers(), SOURCE, source(record));
    producer.send(outcome).get();
    if (handled.add(name(record.value(), source(record)))) {
      onHandled.run();
    }
  }

  /** The number of different records that were handled. */
  int handled() {
    return handled.size();
  }

  /** The artifacts of {@code sent} that were not handled. */
  int missing(Set<String> sent) {
    Set<String> rest = new HashSet<>(sent);
    rest.removeAll(handled);
    return rest.size();
  }

  private static String source(ConsumerRecord<?, ?> record) {
    return record.topic() + "-" + record.partition() + "@" + record.offset();
  }

  private static String name(@Nullable String path, String source) {
    return path == null ? source : path;
  }

  /** Adds a result or a dead letter to the tally. */
  static void count(ConsumerRecord<String, String> record, Topics topics, Tally tally) {
    String group = Objects.requireNonNullElse(record.key(), "(no group)");
    String path = name(record.value(), get(record.headers(), SOURCE));
    if (record.topic().equals(topics.results())) {
      tally.verified(
          group,
          path,
          new Verified(
              get(record.headers(), CHECK),
              Long.parseLong(get(record.headers(), ENTRIES)),
              Long.parseLong(get(record.headers(), BYTES))));
    } else {
      tally.rejected(
          group,
          path,
          Reason.valueOf(get(record.headers(), REASON)),
          get(record.headers(), DETAIL));
    }
  }

  private static void put(Headers headers, String name, Object value) {
    headers.add(name, value.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String get(Headers headers, String name) {
    Header header =
        Objects.requireNonNull(
            headers.lastHeader(name), () -> "the header " + name + " is missing");
    return new String(header.value(), StandardCharsets.UTF_8);
  }

  /** The properties of the producers of the sample. */
  static Map<String, Object> producerProperties(String bootstrapServers) {
    return Map.of(
        "bootstrap.servers",
        bootstrapServers,
        "acks",
        "all",
        "linger.ms",
        5,
        "key.serializer",
        "org.apache.kafka.common.serialization.StringSerializer",
        "value.serializer",
        "org.apache.kafka.common.serialization.StringSerializer");
  }

  /** The properties of the consumers of the sample. */
  static Map<String, Object> consumerProperties(String bootstrapServers, String group) {
    return Map.of(
        "bootstrap.servers",
        bootstrapServers,
        "group.id",
        group,
        "auto.offset.reset",
        "earliest",
        "key.deserializer",
        "org.apache.kafka.common.serialization.StringDeserializer",
        "value.deserializer",
        "org.apache.kafka.common.serialization.StringDeserializer");
  }
}
