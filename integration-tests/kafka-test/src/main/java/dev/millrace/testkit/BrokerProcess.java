package dev.millrace.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaFuture;

/** The child process of one node. After its end another process may follow, with the same data. */
final class BrokerProcess implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

  private final String clusterId;
  private final int port;
  private final Path directory;
  private final Path properties;
  private final Path log;
  private volatile Process process;

  /** Starts the process; {@link #awaitListening} waits for it. */
  BrokerProcess(String clusterId, int port, Map<String, String> properties) throws IOException {
    this.clusterId = clusterId;
    this.port = port;
    this.directory = Files.createTempDirectory("millrace-broker");
    this.properties = directory.resolve("server.properties");
    this.log = directory.resolve("broker.log");
    properties.put("log.dirs", directory.resolve("data").toString());
    ServerProperties.write(properties, this.properties);
    this.process = launch();
  }

  private Process launch() throws IOException {
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
            classPath(),
            BrokerMain.class.getName(),
            clusterId,
            properties.toString())
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  /** The class path and the module path of this JVM. */
  private static String classPath() {
    return Stream.of("java.class.path", "jdk.module.path")
        .map(name -> System.getProperty(name, ""))
        .filter(path -> !path.isEmpty())
        .collect(Collectors.joining(File.pathSeparator));
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Starts the process again, with the same data. */
  synchronized void relaunch() throws IOException {
    if (process.isAlive()) {
      throw new IllegalStateException("the broker runs: stop or kill it first");
    }
    process = launch();
  }

  void awaitListening() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!listens()) {
      if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
        throw ended();
      }
      if (deadline - System.nanoTime() < 0) {
        throw new IOException(
            "the broker does not listen after " + START_TIMEOUT.toSeconds() + " s:\n" + logTail());
      }
    }
  }

  /**
   * Waits until the process that listens on the port answers with the id of this cluster: another
   * process may have taken the port.
   */
  void awaitAnswer(Admin admin) throws IOException, InterruptedException {
    KafkaFuture<String> answer = admin.describeCluster().clusterId();
    while (true) {
      try {
        String id = answer.get(100, TimeUnit.MILLISECONDS);
        if (!id.equals(clusterId)) {
          throw new IOException("another broker listens on port " + port + ", of cluster " + id);
        }
        return;
      } catch (TimeoutException e) {
        if (!process.isAlive()) {
          throw ended();
        }
      } catch (ExecutionException e) {
        throw new IOException("the broker does not answer:\n" + logTail(), e.getCause());
      }
    }
  }

  private IOException ended() throws IOException {
    return new IOException(
        "the broker's process ended with status "
            + process.exitValue()
            + mixedVersions(classPath())
            + ":\n"
            + logTail());
  }

  /** A hint, if a framework has set the version of the client alone; else an empty text. */
  static String mixedVersions(String classPath) {
    String client = version("kafka-clients", classPath);
    String broker = version("kafka_2.13", classPath);
    return client.isEmpty() || broker.isEmpty() || client.equals(broker)
        ? ""
        : "; kafka-clients "
            + client
            + " and kafka_2.13 "
            + broker
            + " are on the class path: set both to one version in your build";
  }

  private static String version(String artifact, String classPath) {
    Matcher jar =
        Pattern.compile("\\b" + Pattern.quote(artifact) + "-([0-9][^/\\\\:;]*)\\.jar")
            .matcher(classPath);
    return jar.find() ? jar.group(1) : "";
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
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /** Sends SIGTERM; then SIGKILL, if the end takes too long. */
  void terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      kill();
    }
  }

  /** Sends SIGKILL. */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Sends SIGSTOP or SIGCONT, for which Java has no call of its own. */
  void signal(String name) throws IOException, InterruptedException {
    var command = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()));
    int status = command.inheritIO().start().waitFor();
    if (status != 0) {
      throw new IOException("kill -" + name + " ended with status " + status);
    }
  }

  /** Kills the process and deletes its data. */
  @Override
  public void close() {
    kill();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(BrokerProcess::delete);
    } catch (IOException e) {
      throw new UncheckedIOException("the broker's files cannot be listed", e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("the broker's file cannot be deleted: " + file, e);
    }
  }
}
