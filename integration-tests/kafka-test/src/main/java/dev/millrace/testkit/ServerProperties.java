package dev.millrace.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The settings of a broker; see Kafka's documentation of broker configurations. */
final class ServerProperties {

  private static final String LOOPBACK = "127.0.0.1";

  private ServerProperties() {}

  /**
   * The settings of a node; {@code node} counts from one. Each node of the cluster is broker and
   * controller. {@code more} overrides these settings.
   */
  static Map<String, String> of(int node, List<NodePorts> cluster, Map<String, String> more) {
    NodePorts ports = cluster.get(node - 1);
    String replicas = Integer.toString(Math.min(3, cluster.size()));
    String inSync = Integer.toString(Math.min(2, cluster.size()));
    Map<String, String> properties = new HashMap<>();
    properties.put("process.roles", "broker,controller");
    properties.put("node.id", Integer.toString(node));
    properties.put("controller.quorum.voters", voters(cluster));
    properties.put(
        "listeners",
        "PLAINTEXT://%s:%d,CONTROLLER://%s:%d"
            .formatted(LOOPBACK, ports.broker(), LOOPBACK, ports.controller()));
    properties.put("advertised.listeners", "PLAINTEXT://" + LOOPBACK + ":" + ports.broker());
    properties.put("controller.listener.names", "CONTROLLER");
    properties.put("default.replication.factor", replicas);
    properties.put("min.insync.replicas", inSync);
    properties.put("offsets.topic.replication.factor", replicas);
    properties.put("offsets.topic.num.partitions", "5");
    properties.put("transaction.state.log.replication.factor", replicas);
    properties.put("transaction.state.log.min.isr", inSync);
    properties.put("transaction.state.log.num.partitions", "5");
    properties.put("share.coordinator.state.topic.replication.factor", replicas);
    properties.put("share.coordinator.state.topic.min.isr", inSync);
    properties.put("group.initial.rebalance.delay.ms", "0");
    // Members send a heartbeat every half second, not every five: they see a change at once.
    properties.put("group.consumer.min.heartbeat.interval.ms", "100");
    properties.put("group.consumer.heartbeat.interval.ms", "500");
    properties.put("group.consumer.min.session.timeout.ms", "1000"); // the default stays 45 s
    // The default is half of the heap of a broker in a child process, which then may not start.
    properties.put("log.cleaner.dedupe.buffer.size", "4194304");
    properties.put("group.share.min.heartbeat.interval.ms", "100");
    properties.put("group.share.heartbeat.interval.ms", "500");
    properties.put("group.share.min.session.timeout.ms", "1000");
    // So that a test may see the end of a lock. The default of a group stays 30 seconds.
    properties.put("group.share.min.record.lock.duration.ms", "1000");
    properties.put("share.coordinator.state.topic.num.partitions", "5");
    properties.put("auto.create.topics.enable", "false");
    if (cluster.size() > 1) { // so that the other brokers notice a lost broker soon
      properties.put("broker.session.timeout.ms", "3000");
      properties.put("broker.heartbeat.interval.ms", "500");
    }
    properties.putAll(more);
    return properties;
  }

  private static String voters(List<NodePorts> cluster) {
    return IntStream.range(0, cluster.size())
        .mapToObj(i -> "%d@%s:%d".formatted(i + 1, LOOPBACK, cluster.get(i).controller()))
        .collect(Collectors.joining(","));
  }

  /** Adds a listener that demands TLS and a password. */
  static void secure(Map<String, String> properties, int port, Map<String, String> security) {
    String secured = ",SECURED://%s:%d".formatted(LOOPBACK, port);
    properties.merge("listeners", secured, String::concat);
    properties.merge("advertised.listeners", secured, String::concat);
    properties.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL");
    properties.put("inter.broker.listener.name", "PLAINTEXT");
    properties.putAll(security);
  }

  static void write(Map<String, String> properties, Path file) throws IOException {
    var all = new Properties();
    all.putAll(properties);
    try (var writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      all.store(writer, null);
    }
  }
}
