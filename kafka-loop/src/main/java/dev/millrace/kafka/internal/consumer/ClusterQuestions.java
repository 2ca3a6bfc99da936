package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks the cluster what a consumer lacks, with a client of its own. Blocks for a few seconds at
 * most. For one thread at a time, and not for the poll thread.
 */
/*
 * Kafka's consumer does not report these problems to its application: it writes warnings to its
 * log, and polls return nothing. The questions are rare, so the client is created for them and then
 * closed.
 */
final class ClusterQuestions {

  private static final Duration TIMEOUT = Duration.ofSeconds(4);
  private static final int CONNECT_MILLIS = 1000;
  private static final Pattern HOST_AND_PORT = Pattern.compile("\\[?(.+?)]?:(\\d+)");

  private final ConsumerSettings<?, ?> settings;

  ClusterQuestions(ConsumerSettings<?, ?> settings) {
    this.settings = settings;
  }

  /** A description of the missing thing, for people; empty if nothing is missing. */
  String problem() throws InterruptedException {
    try (Admin admin = settings.newAdmin(TIMEOUT)) {
      try {
        List<String> problems = new ArrayList<>();
        get(admin.describeCluster().nodes());
        Pattern pattern = settings.pattern;
        if (pattern == null) {
          for (Map.Entry<String, ? extends KafkaFuture<?>> one :
              admin.describeTopics(settings.topics).topicNameValues().entrySet()) {
            problems.addAll(problem(one.getKey(), one.getValue()));
          }
        } else if (get(admin.listTopics().names()).stream()
            .noneMatch(name -> pattern.matcher(name).matches())) {
          problems.add("no topic that this member may see matches '%s'".formatted(pattern));
        }
        return String.join("; ", problems);
      } finally {
        admin.close(Duration.ZERO);
      }
    } catch (ExecutionException e) {
      return unreachable(Objects.requireNonNullElse(e.getCause(), e));
    } catch (java.util.concurrent.TimeoutException | KafkaException e) {
      return unreachable(e);
    }
  }

  private static List<String> problem(String topic, KafkaFuture<?> description)
      throws InterruptedException, java.util.concurrent.TimeoutException, ExecutionException {
    try {
      get(description);
      return List.of();
    } catch (ExecutionException e) {
      return switch (e.getCause()) {
        case UnknownTopicOrPartitionException cause ->
            List.of("the topic '%s' does not exist: create it".formatted(topic));
        case AuthorizationException cause ->
            List.of(
                "the topic '%s' may not be described by this user: grant it the right"
                    .formatted(topic));
        case null, default -> throw e;
      };
    }
  }

  private static <T> T get(KafkaFuture<T> answer)
      throws InterruptedException, ExecutionException, java.util.concurrent.TimeoutException {
    return Time.get(answer, TIMEOUT.toNanos());
  }

  private String unreachable(Throwable e) throws InterruptedException {
    if (e instanceof AuthenticationException) {
      return "the brokers refuse the credentials: " + e.getMessage();
    }
    if (e instanceof AuthorizationException) {
      return "the brokers refuse a right: " + e.getMessage();
    }
    List<String> places = new ArrayList<>();
    for (String place : places()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      places.add("%s (%s)".formatted(place, connect(place)));
    }
    return "no broker answers at " + String.join(", ", places);
  }

  private List<String> places() {
    Object given =
        Objects.requireNonNull(settings.property(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG));
    Stream<String> all =
        given instanceof List<?> list
            ? list.stream().map(Object::toString)
            : Stream.of(given.toString().split(",", -1));
    return all.map(String::strip).filter(one -> !one.isEmpty()).toList();
  }

  private static String connect(String place) {
    var parts = HOST_AND_PORT.matcher(place);
    if (!parts.matches()) {
      return "not a host and a port";
    }
    var address = new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2)));
    if (address.isUnresolved()) {
      return "the host is unknown";
    }
    try (var socket = new Socket()) {
      socket.connect(address, CONNECT_MILLIS);
      return "it accepts connections, but does not answer: is it a Kafka broker, and is"
          + " security.protocol right?";
    } catch (IOException e) {
      return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }
  }
}
