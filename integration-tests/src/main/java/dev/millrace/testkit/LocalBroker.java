package dev.millrace.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;

/**
 * A real Kafka broker, as a child process from the jars on the class path: no Docker, nothing
 * installed.
 *
 * <p>One node, broker and controller, that listens on loopback only. It dies with this process,
 * however that ends; {@link #close()} stops it and deletes its data. It takes about four seconds to
 * start, and 350 MB of memory. Safe for use by many threads.
 */
public final class LocalBroker implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final String LOOPBACK = "127.0.0.1";

  private final Path directory;
  private final int port;
  private final int securedPort;
  private final Process process;

  private LocalBroker(Path directory, int[] ports, Process process) {
    this.directory = directory;
    this.port = ports[0];
    this.securedPort = ports[2];
    this.process = process;
  }

  /**
   * Starts a broker; blocks until it listens.
   *
   * @throws IOException if it does not start within a minute; the message ends with its log's last
   *     lines
   * @throws InterruptedException if the thread is interrupted while it waits; the broker is stopped
   */
  public static LocalBroker start() throws IOException, InterruptedException {
    return start(Map.of());
  }

  /**
   * Starts a broker that has another listener, which demands TLS and a password by SASL's {@code
   * PLAIN}; see {@link #securedBootstrapServers}.
   *
   * @param keystore with the broker's key and certificate, as PKCS #12
   * @param keystorePassword of the store and the key
   * @param user who may connect
   * @param userPassword of that user
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

  private static LocalBroker start(Map<String, String> security)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("millrace-broker");
    int[] ports = freePorts(3);
    Path properties = directory.resolve("server.properties");
    write(serverProperties(directory, ports, security), properties);
    Process process = launch(directory, properties);
    var broker = new LocalBroker(directory, ports, process);
    boolean up = false;
    try {
      broker.awaitListening();
      up = true;
    } finally {
      if (!up) {
        broker.close();
      }
    }
    return broker;
  }

  private static Process launch(Path directory, Path properties) throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    return new ProcessBuilder(
            java.toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.io.tmpdir=" + directory,
            "-Dlogback.configurationFile=dev/millrace/testkit/broker-logback.xml",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            BrokerMain.class.getName(),
            Uuid.randomUuid().toString(),
            properties.toString())
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("broker.log").toFile())
        .start();
  }

  private static Properties serverProperties(
      Path directory, int[] ports, Map<String, String> security) {
    var properties = new Properties();
    int port = ports[0];
    int controllerPort = ports[1];
    properties.putAll(
        Map.ofEntries(
            Map.entry("process.roles", "broker,controller"),
            Map.entry("node.id", "1"),
            Map.entry("controller.quorum.voters", "1@" + LOOPBACK + ":" + controllerPort),
            Map.entry(
                "listeners",
                "PLAINTEXT://%s:%d,CONTROLLER://%s:%d"
                    .formatted(LOOPBACK, port, LOOPBACK, controllerPort)),
            Map.entry("advertised.listeners", "PLAINTEXT://" + LOOPBACK + ":" + port),
            Map.entry("controller.listener.names", "CONTROLLER"),
            Map.entry("log.dirs", directory.resolve("data").toString()),
            Map.entry("offsets.topic.replication.factor", "1"),
            Map.entry("offsets.topic.num.partitions", "5"),
            Map.entry("transaction.state.log.replication.factor", "1"),
            Map.entry("transaction.state.log.min.isr", "1"),
            Map.entry("transaction.state.log.num.partitions", "5"),
            Map.entry("share.coordinator.state.topic.replication.factor", "1"),
            Map.entry("share.coordinator.state.topic.min.isr", "1"),
            Map.entry("group.initial.rebalance.delay.ms", "0"),
            Map.entry("auto.create.topics.enable", "false")));
    if (!security.isEmpty()) {
      String secured = ",SECURED://%s:%d".formatted(LOOPBACK, ports[2]);
      properties.merge("listeners", secured, (all, more) -> "" + all + more);
      properties.merge("advertised.listeners", secured, (all, more) -> "" + all + more);
      properties.put(
          "listener.security.protocol.map",
          "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL");
      properties.put("inter.broker.listener.name", "PLAINTEXT");
      properties.putAll(security);
    }
    return properties;
  }

  private static void write(Properties properties, Path file) throws IOException {
    try (var writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      properties.store(writer, null);
    }
  }

  /** Ports that are free now; all are held until all are known. */
  private static int[] freePorts(int n) throws IOException {
    if (n == 0) {
      return new int[0];
    }
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int[] others = freePorts(n - 1);
      int[] ports = new int[n];
      ports[0] = socket.getLocalPort();
      System.arraycopy(others, 0, ports, 1, n - 1);
      return ports;
    }
  }

  private void awaitListening() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!listens()) {
      if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "the broker's process ended with status " + process.exitValue() + ":\n" + logTail());
      }
      if (deadline - System.nanoTime() < 0) {
        throw new IOException(
            "the broker does not listen after " + START_TIMEOUT.toSeconds() + " s:\n" + logTail());
      }
    }
  }

  private boolean listens() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private String logTail() throws IOException {
    List<String> lines = Files.readAllLines(directory.resolve("broker.log"));
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /** Where clients connect to: host and port. */
  public String bootstrapServers() {
    return LOOPBACK + ":" + port;
  }

  /** Where clients connect to with TLS and a password, if it was started with them. */
  public String securedBootstrapServers() {
    return LOOPBACK + ":" + securedPort;
  }

  /**
   * Creates a topic; blocks until it can be written to.
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
    process.destroyForcibly();
    process.onExit().join();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(LocalBroker::delete);
    } catch (IOException e) {
      throw new UncheckedIOException("the broker's files can not be listed", e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("the broker's file can not be deleted: " + file, e);
    }
  }
}
