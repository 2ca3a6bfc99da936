package dev.millrace.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;

/**
 * A real Kafka broker: a child process from the jars on the class path. It needs neither Docker nor
 * an installation.
 *
 * <p>A node that is broker and controller, and listens on loopback only. It dies with this process,
 * however this process ends; {@link #close()} stops it and deletes its data. It takes about four
 * seconds to start, and 350 MB of memory. {@link #kill}, {@link #stop} and {@link #suspend} are for
 * tests of the clients' reaction. Thread-safe. {@link LocalCluster} starts several of these
 * brokers.
 */
public final class LocalBroker implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";

  private final NodePorts ports;
  private final BrokerProcess process;

  /** Launches the process; {@link #awaitUp} waits for it. */
  LocalBroker(String clusterId, NodePorts ports, Map<String, String> properties)
      throws IOException {
    this.ports = ports;
    boolean launched = false;
    try {
      this.process = new BrokerProcess(clusterId, ports.broker(), properties);
      launched = true;
    } finally {
      if (!launched) {
        ports.close();
      }
    }
  }

  /**
   * Starts a broker; blocks until it answers.
   *
   * @throws IOException if it does not start within three minutes; the message ends with its log's
   *     last lines
   * @throws InterruptedException if the thread is interrupted while it waits; the broker is stopped
   */
  public static LocalBroker start() throws IOException, InterruptedException {
    return start(Map.of());
  }

  /**
   * Starts a broker with a second listener that demands TLS and a password by SASL's {@code PLAIN};
   * see {@link #securedBootstrapServers}.
   *
   * @param keystore with the broker's key and certificate, as PKCS #12
   * @param keystorePassword the password of the store and of the key
   * @param user the name of the only user
   * @param userPassword the password of the user
   * @throws IOException if it does not start, as with {@link #start()}
   */
  public static LocalBroker startSecured(
      Path keystore, String keystorePassword, String user, String userPassword)
      throws IOException, InterruptedException {
    return start(
        Map.of(
            "ssl.keystore.location",
            keystore.toString(),
            "ssl.keystore.type",
            "PKCS12",
            "ssl.keystore.password",
            keystorePassword,
            "ssl.key.password",
            keystorePassword,
            "sasl.enabled.mechanisms",
            "PLAIN",
            "listener.name.secured.plain.sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=\"%s\";"
                .formatted(user, userPassword)));
  }

  /**
   * Starts a broker that checks rights. Its second listener asks for a password by SASL's {@code
   * PLAIN}, without TLS. The user of that listener has only the rights that access control lists
   * grant. Clients of {@link #bootstrapServers} have all rights. See {@link
   * #securedBootstrapServers}.
   *
   * @param user the name of the only user
   * @param password of that user
   * @throws IOException if it does not start, as with {@link #start()}
   */
  public static LocalBroker startAuthorizing(String user, String password)
      throws IOException, InterruptedException {
    return start(
        Map.of(
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms",
            "PLAIN",
            "listener.name.secured.plain.sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=\"%s\";"
                .formatted(user, password),
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users",
            "User:ANONYMOUS"));
  }

  private static LocalBroker start(Map<String, String> security)
      throws IOException, InterruptedException {
    return start(security, NodePorts::free);
  }

  static LocalBroker start(Map<String, String> security, NodePorts.Choice choice)
      throws IOException, InterruptedException {
    for (int i = 1; ; i++) {
      try {
        return startOnce(security, choice.of(1));
      } catch (PortTakenException e) {
        if (i == PortTakenException.CHOICES) {
          throw e;
        }
      }
    }
  }

  private static LocalBroker startOnce(Map<String, String> security, List<NodePorts> ports)
      throws IOException, InterruptedException {
    Map<String, String> properties = ServerProperties.of(1, ports, Map.of());
    if (!security.isEmpty()) {
      ServerProperties.secure(properties, ports.getFirst().secured(), security);
    }
    var broker = new LocalBroker(Uuid.randomUuid().toString(), ports.getFirst(), properties);
    boolean up = false;
    try {
      broker.awaitUp();
      up = true;
    } finally {
      if (!up) {
        broker.close();
      }
    }
    return broker;
  }

  /**
   * Waits until the broker answers.
   *
   * @throws PortTakenException if another process listens on one of its ports
   */
  void awaitUp() throws IOException, InterruptedException {
    try {
      process.awaitListening();
      awaitAnswer();
    } catch (IOException e) {
      process.kill();
      throw ports.areFree() ? e : new PortTakenException(ports, e);
    }
  }

  /** The client comes after the listener: it would log each connection that is refused. */
  private void awaitAnswer() throws IOException, InterruptedException {
    Admin admin = admin();
    try {
      process.awaitAnswer(admin);
    } finally {
      admin.close(Duration.ZERO); // do not wait for a request without an answer
    }
  }

  /** Starts the process again without waiting for it. */
  void relaunch() throws IOException {
    process.relaunch();
  }

  /** The address for clients: host and port, the same after a restart. */
  public String bootstrapServers() {
    return LOOPBACK + ":" + ports.broker();
  }

  /** The address for clients with TLS and a password, if the broker was started with them. */
  public String securedBootstrapServers() {
    return LOOPBACK + ":" + ports.secured();
  }

  long pid() {
    return process.pid();
  }

  /** Whether the process is alive; a suspended process is alive. */
  public boolean isRunning() {
    return process.isAlive();
  }

  /** Kills the broker with SIGKILL; blocks until the process has ended. Its data stay. */
  public void kill() {
    process.kill();
  }

  /**
   * Stops the broker as an operator would, with SIGTERM: it hands its partitions over to other
   * brokers, if there are any. Blocks until the process has ended, at most half a minute; then it
   * is killed.
   */
  public void stop() throws InterruptedException {
    process.terminate();
  }

  /**
   * Starts the broker again after {@link #kill} or {@link #stop}, with the same data and ports;
   * blocks until it answers. In a {@link LocalCluster} it answers only when most of the brokers
   * run; see {@link LocalCluster#restart}.
   *
   * @throws IllegalStateException if the broker runs
   * @throws IOException if it does not start, as with {@link #start()}
   */
  public void restart() throws IOException, InterruptedException {
    process.relaunch();
    process.awaitListening();
  }

  /**
   * Suspends the process with SIGSTOP: its connections stay open, without an answer. Not on
   * Windows.
   *
   * @throws IOException if the signal cannot be sent
   */
  public void suspend() throws IOException, InterruptedException {
    process.signal("STOP");
  }

  /**
   * Continues the process after {@link #suspend}, with SIGCONT.
   *
   * @throws IOException if the signal cannot be sent
   */
  public void resume() throws IOException, InterruptedException {
    process.signal("CONT");
  }

  /**
   * Creates a topic of one replica; blocks until it accepts records.
   *
   * @throws ExecutionException if the broker refuses it, with the cause
   * @see Topics#create
   */
  public void createTopic(String name, int partitions)
      throws ExecutionException, InterruptedException {
    try (var admin = admin()) {
      Topics.create(admin, List.of(new NewTopic(name, partitions, (short) 1)));
    }
  }

  /** A new admin client; the caller closes it. */
  public Admin admin() {
    return Admin.create(
        Map.<String, Object>of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()));
  }

  /** Kills the broker and deletes its data. Takes a moment; an interrupt does not shorten it. */
  @Override
  public void close() {
    process.close();
    ports.close();
  }
}
