package dev.millrace.testkit.chaos;

import dev.millrace.testkit.LocalCluster;
import dev.millrace.testkit.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;

/** The brokers of the rounds, each behind a network of its own that can fail. */
final class Brokers implements AutoCloseable {

  private final List<FaultyNetwork> networks;
  private final LocalCluster cluster;
  private final Admin admin;

  private Brokers(List<FaultyNetwork> networks, LocalCluster cluster) {
    this.networks = networks;
    this.cluster = cluster;
    this.admin =
        Admin.create(
            Map.of(
                "bootstrap.servers",
                cluster.bootstrapServers(),
                "client.id",
                "conductor",
                "reconnect.backoff.max.ms",
                300,
                "request.timeout.ms",
                3000,
                "default.api.timeout.ms",
                20_000));
  }

  static Brokers start(int brokers) throws IOException, InterruptedException {
    List<FaultyNetwork> networks = new ArrayList<>();
    for (int i = 0; i < brokers; i++) {
      networks.add(new FaultyNetwork());
    }
    var cluster =
        LocalCluster.start(
            brokers,
            (node, port) -> {
              FaultyNetwork network = networks.get(node - 1);
              network.target(port);
              return properties(network.address(), brokers);
            });
    return new Brokers(networks, cluster);
  }

  private static Map<String, String> properties(String address, int brokers) {
    Map<String, String> properties = new HashMap<>();
    properties.put("advertised.listeners", "PLAINTEXT://" + address);
    properties.put("group.min.session.timeout.ms", "1000");
    properties.put("group.consumer.min.session.timeout.ms", "1000");
    properties.put("group.consumer.session.timeout.ms", "4000");
    properties.put("log.cleaner.backoff.ms", "1000");
    properties.put("log.retention.check.interval.ms", "5000");
    // A broker that comes back alone waits this long for its former self. It must not abort
    // transactions before that: it would find no leaders for the markers that end them, and forget
    // the markers.
    properties.put("broker.session.timeout.ms", "4000");
    properties.put("broker.heartbeat.interval.ms", "500");
    if (brokers == 1) { // several controllers cannot vote for each other before they have rights
      properties.put(
          "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
      properties.put("allow.everyone.if.no.acl.found", "true");
    }
    properties.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000");
    return properties;
  }

  int size() {
    return cluster.size();
  }

  Admin admin() {
    return admin;
  }

  /** The addresses that clients connect to. */
  String bootstrapServers() {
    return networks.stream().map(FaultyNetwork::address).collect(Collectors.joining(","));
  }

  /** Creates a topic that outlives each broker, if there are several. */
  void createTopic(String name, int partitions, Map<String, String> configs)
      throws ExecutionException, InterruptedException {
    createTopic(name, partitions, Math.min(3, cluster.size()), configs);
  }

  void createTopic(String name, int partitions, int replicas, Map<String, String> configs)
      throws ExecutionException, InterruptedException {
    Topics.create(
        admin, List.of(new NewTopic(name, partitions, (short) replicas).configs(configs)));
  }

  void deleteTopics(List<String> names) throws ExecutionException, InterruptedException {
    admin.deleteTopics(names).all().get();
  }

  void kill(int index) {
    cluster.broker(index).kill();
  }

  /** Starts the killed brokers again. */
  void restart() throws IOException, InterruptedException {
    cluster.restart();
  }

  void cut(String client) {
    networks.forEach(network -> network.cut(client));
  }

  void loseAnswers(String client, Request request) {
    networks.forEach(network -> network.loseAnswers(client, request));
  }

  void refuse(String client, Request request) {
    networks.forEach(network -> network.refuse(client, request));
  }

  void heal(String client) {
    networks.forEach(network -> network.heal(client));
  }

  /** The number of commits, in all rounds, that had no answer or did not arrive. */
  int lostCommits() {
    return networks.stream().mapToInt(FaultyNetwork::lost).sum();
  }

  /**
   * The records of a topic whose delivery to a share group was in a lost answer, if it was the
   * delivery with this number or a later one.
   *
   * @return names as {@code partition@offset}
   */
  Set<String> lostDeliveries(String topic, int delivery)
      throws ExecutionException, InterruptedException {
    Uuid id =
        Objects.requireNonNull(
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic))
            .topicId();
    return networks.stream()
        .flatMap(one -> one.lostDeliveries().of(id, delivery).stream())
        .collect(Collectors.toSet());
  }

  @Override
  public void close() throws IOException {
    admin.close();
    cluster.close();
    for (FaultyNetwork network : networks) {
      network.close();
    }
  }
}
