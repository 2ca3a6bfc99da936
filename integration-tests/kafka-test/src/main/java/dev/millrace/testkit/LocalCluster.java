package dev.millrace.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;

/**
 * A cluster of {@link LocalBroker}s, for tests of the loss of a broker.
 *
 * <p>With three brokers, topics have three replicas, and two of them must be in sync to accept a
 * record. So any one broker may be killed at any time, and no accepted record is lost. The other
 * brokers notice after three seconds. All brokers listen on loopback only, and die with this
 * process. Three brokers take about ten seconds to start, and 350 MB of memory each. Thread-safe.
 */
public final class LocalCluster implements AutoCloseable {

  private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(60);

  private final List<LocalBroker> brokers;

  private LocalCluster(List<LocalBroker> brokers) {
    this.brokers = brokers;
  }

  /**
   * Starts the brokers; blocks until all of them know each other.
   *
   * @param brokers from 1 to 9; an odd number, so that a majority remains when one is gone
   * @throws IOException if one does not start within three minutes; the message ends with its log's
   *     last lines
   * @throws InterruptedException if the thread is interrupted while it waits; all are stopped
   */
  public static LocalCluster start(int brokers) throws IOException, InterruptedException {
    return start(brokers, Map.of());
  }

  /**
   * The same, with more of Kafka's broker settings for all brokers. They override the defaults of
   * the cluster.
   */
  public static LocalCluster start(int brokers, Map<String, String> properties)
      throws IOException, InterruptedException {
    return start(brokers, (node, port) -> properties);
  }

  /** Settings for each node. */
  @FunctionalInterface
  public interface NodeSettings {
    /**
     * The settings of a node. {@code node} counts from one, and clients connect to {@code port}.
     */
    Map<String, String> of(int node, int port);
  }

  /** The same, with settings for each node. */
  public static LocalCluster start(int brokers, NodeSettings settings)
      throws IOException, InterruptedException {
    if (brokers < 1 || brokers > 9) {
      throw new IllegalArgumentException("a local cluster has 1 to 9 brokers, not " + brokers);
    }
    for (int i = 1; ; i++) {
      try {
        return startOnce(NodePorts.free(brokers), settings);
      } catch (PortTakenException e) {
        if (i == PortTakenException.CHOICES) {
          throw e;
        }
      }
    }
  }

  private static LocalCluster startOnce(List<NodePorts> ports, NodeSettings settings)
      throws IOException, InterruptedException {
    String clusterId = Uuid.randomUuid().toString();
    List<LocalBroker> started = new ArrayList<>();
    var cluster = new LocalCluster(started);
    boolean up = false;
    try {
      for (int node = 1;
          node <= ports.size();
          node++) { // each node needs most of the others to come up
        Map<String, String> more = settings.of(node, ports.get(node - 1).broker());
        Map<String, String> all = ServerProperties.of(node, ports, more);
        started.add(new LocalBroker(clusterId, ports.get(node - 1), all));
      }
      cluster.awaitAll();
      up = true;
    } finally {
      if (!up) {
        cluster.close();
        ports.forEach(NodePorts::close);
      }
    }
    return cluster;
  }

  private void awaitAll() throws IOException, InterruptedException {
    for (LocalBroker broker : brokers) {
      broker.awaitUp();
    }
    long deadline = System.nanoTime() + JOIN_TIMEOUT.toNanos();
    try (var admin = admin()) {
      while (admin.describeCluster().nodes().get().size() < brokers.size()) {
        if (deadline - System.nanoTime() < 0) {
          throw new IOException("the brokers do not find each other");
        }
        Thread.sleep(20); // there is nothing to be notified by
      }
    } catch (ExecutionException e) {
      throw new IOException("the brokers do not answer", e.getCause());
    }
  }

  /**
   * The broker with that index, counted from zero, to stop, kill, suspend or restart it. Its id in
   * the cluster is the index plus one.
   */
  public LocalBroker broker(int index) {
    return brokers.get(index);
  }

  /** The number of brokers, running or not. */
  public int size() {
    return brokers.size();
  }

  /**
   * Starts all killed or stopped brokers again; blocks until all brokers know each other.
   *
   * @throws IOException if one does not start, as with {@link #start(int)}
   */
  public void restart() throws IOException, InterruptedException {
    for (LocalBroker broker : brokers) {
      if (!broker.isRunning()) {
        broker.relaunch();
      }
    }
    awaitAll();
  }

  /** The addresses for clients: hosts and ports of all brokers. */
  public String bootstrapServers() {
    return brokers.stream().map(LocalBroker::bootstrapServers).collect(Collectors.joining(","));
  }

  /**
   * Creates a topic that has a replica on each broker, at most three; blocks until it accepts
   * records.
   *
   * @throws ExecutionException if the brokers refuse it, with the cause
   * @see Topics#create
   */
  public void createTopic(String name, int partitions)
      throws ExecutionException, InterruptedException {
    try (var admin = admin()) {
      short replicas = (short) Math.min(3, brokers.size());
      Topics.create(admin, List.of(new NewTopic(name, partitions, replicas)));
    }
  }

  /** A new admin client; the caller closes it. */
  public Admin admin() {
    return Admin.create(
        Map.<String, Object>of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()));
  }

  /** Kills all brokers and deletes their data. */
  @Override
  public void close() {
    for (LocalBroker broker : brokers) {
      broker.close();
    }
  }
}
