package dev.millrace.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks a Docker engine a few questions before Testcontainers starts. Testcontainers would wait for
 * a long time if no engine answers, and would download missing images.
 *
 * <p>Plain HTTP 1.0: one request and its answer on each connection. An engine that does not answer
 * within the timeout counts as missing.
 */
final class DockerEngine {

  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final int LONGEST_ANSWER = 1 << 20;

  private final SocketAddress address;

  /**
   * @throws IOException if the address cannot be used
   */
  DockerEngine(String address) throws IOException {
    this.address = parse(address);
  }

  private static SocketAddress parse(String address) throws IOException {
    try {
      URI uri = URI.create(address);
      if ("unix".equals(uri.getScheme())) {
        return UnixDomainSocketAddress.of(uri.getPath());
      }
      if ("tcp".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() > 0) {
        var socket = new InetSocketAddress(uri.getHost(), uri.getPort());
        if (socket.getAddress() != null && socket.getAddress().isLoopbackAddress()) {
          return socket;
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("it is no address: " + e.getMessage(), e);
    }
    throw new IOException("only addresses with unix:// and tcp:// on this machine are supported");
  }

  /** The address of the engine: from the environment, or the first socket that exists. */
  static String address(Map<String, String> environment) {
    String host = environment.get("DOCKER_HOST");
    if (host != null && !host.isEmpty()) {
      return host;
    }
    String standard = "/var/run/docker.sock";
    List<String> sockets =
        List.of(
            standard,
            environment.getOrDefault("XDG_RUNTIME_DIR", "") + "/docker.sock",
            environment.getOrDefault("HOME", "") + "/.docker/run/docker.sock");
    return "unix://"
        + sockets.stream().filter(each -> Files.exists(Path.of(each))).findFirst().orElse(standard);
  }

  /**
   * @throws IOException if the engine does not answer
   */
  void ping() throws IOException {
    Answer answer = get("/_ping");
    if (answer.status != 200) {
      throw new IOException("it answers with status " + answer.status);
    }
  }

  /** Whether the engine has this image. */
  boolean has(String image) throws IOException {
    return get("/images/" + image + "/json").status == 200;
  }

  /** Whether the engine has an image of this name, in any version. */
  boolean hasAnyOf(String name) throws IOException {
    String filter = "{\"reference\":[\"" + name + "\"]}";
    Answer answer =
        get("/images/json?filters=" + URLEncoder.encode(filter, StandardCharsets.UTF_8));
    return answer.status == 200 && answer.body.contains(name);
  }

  private record Answer(int status, String body) {}

  private Answer get(String path) throws IOException {
    boolean unix = address instanceof UnixDomainSocketAddress;
    var family = unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET;
    try (var channel =
        SocketChannel.open(family)) { // closing the channel ends the thread that uses it
      var exchange = new FutureTask<>(() -> exchange(channel, path));
      Thread.ofPlatform().daemon().name("docker-engine").start(exchange);
      return exchange.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(
          "the Docker engine has not answered within " + TIMEOUT.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private Answer exchange(SocketChannel channel, String path) throws IOException {
    channel.connect(address);
    String request = "GET " + path + " HTTP/1.0\r\nHost: docker\r\n\r\n";
    var bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    String answer =
        new String(
            Channels.newInputStream(channel).readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8);
    String[] words = answer.split("\\s", 3);
    if (words.length < 3 || !words[0].startsWith("HTTP/") || !words[1].matches("\\d{3}")) {
      throw new IOException("the answer is not HTTP");
    }
    int body = answer.indexOf("\r\n\r\n");
    return new Answer(Integer.parseInt(words[1]), body < 0 ? "" : answer.substring(body));
  }
}
