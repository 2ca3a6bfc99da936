package dev.millrace.testkit;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.exception.DockerClientException;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * A Kafka broker in a container of the local Docker engine, by Testcontainers. It needs {@code
 * org.testcontainers:testcontainers-kafka} on the class path.
 *
 * <p>Its port is bound to loopback only, and stays the same when the container is restarted or
 * leaves its network. So a test may disturb the container, and clients find the broker again.
 * {@link #close()} removes the container; so does the end of this JVM, unless the JVM is killed.
 * Thread-safe.
 */
public final class DockerBroker implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
  private static final String LOOPBACK = "127.0.0.1";
  private static final String NETWORK = "bridge";
  private static final int KAFKA_PORT = 9092;

  /** Finds the broker among all processes; the brackets keep it from finding itself. */
  private static final String TERMINATE =
      "for p in /proc/[0-9]*; do"
          + " if [[ $(tr '\\0' ' ' <$p/cmdline) == *' kafka.Kafk'[a]' '* ]];"
          + " then kill -TERM ${p##*/}; fi; done";

  private final NodePorts ports;
  private final KafkaContainer container;

  private DockerBroker(String image, NodePorts ports) {
    this.ports = ports;
    this.container = new OnLoopback(image, ports.broker());
  }

  /** A container whose ports are on loopback, whatever address Testcontainers guesses for them. */
  private static final class OnLoopback extends KafkaContainer {

    OnLoopback(String image, int port) {
      super(DockerImageName.parse(image).asCompatibleSubstituteFor("apache/kafka"));
      withCreateContainerCmdModifier(
          command ->
              Objects.requireNonNull(command.getHostConfig())
                  .withPortBindings(
                      new PortBinding(
                          Ports.Binding.bindIpAndPort(LOOPBACK, port),
                          ExposedPort.tcp(KAFKA_PORT))));
      withImagePullPolicy(name -> false); // nothing is downloaded
      withStartupTimeout(START_TIMEOUT);
      withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false");
      withEnv("KAFKA_GROUP_CONSUMER_MIN_HEARTBEAT_INTERVAL_MS", "100");
      withEnv("KAFKA_GROUP_CONSUMER_HEARTBEAT_INTERVAL_MS", "500");
      withEnv("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "5");
      withEnv("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "5");
      withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1");
      withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1");
    }

    @Override
    public String getHost() {
      return LOOPBACK;
    }
  }

  /**
   * Starts a broker from an image of Kafka that the engine has. It is the image from the system
   * property {@code kafka.image}, or {@code local/kafka} or {@code apache/kafka} in the version of
   * the clients on the class path. Blocks until the broker answers. No image is downloaded.
   *
   * @throws IllegalStateException if there is no engine or no image; the message names it
   * @throws IOException if it does not start within a minute
   */
  public static DockerBroker start() throws IOException, InterruptedException {
    DockerOffer offer = DockerOffer.ofThisJvm();
    if (offer.image() == null) {
      throw new IllegalStateException("there is no broker in Docker: " + offer.reason());
    }
    return start(offer.image());
  }

  static DockerBroker start(String image) throws IOException, InterruptedException {
    var broker = new DockerBroker(image, NodePorts.free(1).getFirst());
    boolean up = false;
    try {
      broker.container.start();
      broker.awaitAnswer();
      up = true;
    } finally {
      if (!up) {
        broker.close();
      }
    }
    return broker;
  }

  /** A connection proves nothing: the engine accepts it before there is a broker. */
  private void awaitAnswer() throws IOException, InterruptedException {
    try (var admin = admin()) {
      admin.describeCluster().nodes().get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the broker in Docker does not answer at " + bootstrapServers(), e);
    }
  }

  private static DockerClient client() {
    return DockerClientFactory.instance().client();
  }

  private String id() {
    return container.getContainerId();
  }

  /** The address for clients: host and port, the same after each disturbance. */
  public String bootstrapServers() {
    return container.getBootstrapServers();
  }

  /** A new admin client; the caller closes it. */
  public Admin admin() {
    return Admin.create(
        Map.<String, Object>of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()));
  }

  /** Whether the container runs, suspended or not. */
  public boolean isRunning() {
    return Boolean.TRUE.equals(client().inspectContainerCmd(id()).exec().getState().getRunning());
  }

  /** Suspends all processes of the container; connections stay open, without an answer. */
  public void suspend() {
    client().pauseContainerCmd(id()).exec();
  }

  /** Continues all processes after {@link #suspend}. */
  public void resume() {
    client().unpauseContainerCmd(id()).exec();
  }

  /** Disconnects the container from its network: no packet gets in or out. */
  public void disconnect() {
    client().disconnectFromNetworkCmd().withNetworkId(NETWORK).withContainerId(id()).exec();
  }

  /**
   * Connects the container to its network again after {@link #disconnect}; blocks until the broker
   * answers.
   */
  public void connect() throws IOException, InterruptedException {
    client().connectToNetworkCmd().withNetworkId(NETWORK).withContainerId(id()).exec();
    awaitAnswer();
  }

  /** Kills the container with SIGKILL; the data of the broker stay. */
  public void kill() throws IOException {
    client().killContainerCmd(id()).exec();
    awaitEnd();
  }

  /** Stops the broker as an operator would, with SIGTERM; blocks until the container has ended. */
  public void stop() throws IOException, InterruptedException {
    container.execInContainer("bash", "-c", TERMINATE);
    awaitEnd();
  }

  private void awaitEnd() throws IOException {
    try (var end = client().waitContainerCmd(id()).exec(new WaitContainerResultCallback())) {
      end.awaitStatusCode(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (DockerClientException e) {
      throw new IOException("the container does not end", e);
    }
  }

  /**
   * Starts the container again after {@link #kill} or {@link #stop}, with the same data; blocks
   * until the broker answers.
   *
   * @throws IOException if it does not within a minute
   */
  public void restart() throws IOException, InterruptedException {
    client().startContainerCmd(id()).exec();
    awaitAnswer();
  }

  /** Removes the container with its data. */
  @Override
  public void close() {
    container.stop();
    ports.close();
  }
}
