package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DockerOfferTest {

  private static final List<String> IMAGES = List.of("local/kafka:1", "apache/kafka:1");

  @TempDir private Path directory;

  private static DockerOffer offer(String address) {
    return DockerOffer.of(
        IMAGES, Map.of("DOCKER_HOST", address, "TESTCONTAINERS_RYUK_DISABLED", "true"), false);
  }

  @Test
  void engineThatHasAnImageOffersIt() throws Exception {
    try (var engine = FakeEngine.having(directory, "apache/kafka:1")) {
      assertThat(offer(engine.address()).image()).isEqualTo("apache/kafka:1");
    }
  }

  @Test
  void firstOfTheImagesIsOffered() throws Exception {
    try (var engine = FakeEngine.having(directory, "apache/kafka:1", "local/kafka:1")) {
      assertThat(offer(engine.address()).image()).isEqualTo("local/kafka:1");
    }
  }

  @Test
  void missingImageIsNamed() throws Exception {
    try (var engine = FakeEngine.having(directory, "apache/kafka:2")) {
      assertThat(offer(engine.address()))
          .isEqualTo(
              new DockerOffer(
                  null, "the Docker engine has no image local/kafka:1 or apache/kafka:1"));
    }
  }

  @Test
  void containerOfTestcontainersIsLookedForUnlessItIsDisabled() throws Exception {
    try (var engine = FakeEngine.having(directory, "local/kafka:1")) {
      DockerOffer offer = DockerOffer.of(IMAGES, Map.of("DOCKER_HOST", engine.address()), false);
      assertThat(offer.image()).isNull();
      assertThat(offer.reason()).contains("testcontainers/ryuk", "TESTCONTAINERS_RYUK_DISABLED");
    }
    Files.delete(directory.resolve("engine.sock"));
    try (var engine = FakeEngine.having(directory, "local/kafka:1", "testcontainers/ryuk:0")) {
      assertThat(DockerOffer.of(IMAGES, Map.of("DOCKER_HOST", engine.address()), false).image())
          .isEqualTo("local/kafka:1");
    }
  }

  @Test
  void engineOfAContainerIsAskedOnlyIfItsPortsAreKnown() throws Exception {
    try (var engine = FakeEngine.having(directory, "local/kafka:1", "testcontainers/ryuk:0")) {
      DockerOffer offer = DockerOffer.of(IMAGES, Map.of("DOCKER_HOST", engine.address()), true);
      assertThat(offer.image()).isNull();
      assertThat(offer.reason()).contains("TESTCONTAINERS_HOST_OVERRIDE");
      assertThat(engine.asked).isEmpty();
      Map<String, String> known =
          Map.of("DOCKER_HOST", engine.address(), "TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1");
      assertThat(DockerOffer.of(IMAGES, known, true).image()).isEqualTo("local/kafka:1");
    }
  }

  @Test
  void engineThatDoesNotAnswerIsAskedOnceAndLeftAlone() throws Exception {
    try (var engine = new FakeEngine(directory, path -> null)) {
      long start = System.nanoTime();
      assertThat(offer(engine.address()).reason())
          .contains("no Docker engine answers", "the Docker engine has not answered within 3 s");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
      assertThat(engine.asked).containsExactly("/_ping");
    }
  }

  /** Like the engine of a stopped process: after some time it does not even accept a connection. */
  @Test
  void engineThatAcceptsNobodyDoesNotHoldTheTests() throws Exception {
    Path socket = directory.resolve("engine.sock");
    var address = UnixDomainSocketAddress.of(socket);
    List<SocketChannel> others = new ArrayList<>();
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address, 1);
      for (int i = 0; i < 2; i++) { // one more than the backlog
        others.add(SocketChannel.open(address));
      }
      assertThat(offer("unix://" + socket).reason())
          .contains("the Docker engine has not answered within 3 s");
    } finally {
      for (SocketChannel other : others) {
        other.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.0 500 Internal Server Error\r\n\r\n",
        "no HTTP at all",
        "",
        "HTTP/1.0 x y"
      })
  void badAnswerIsNone(String answer) throws Exception {
    try (var engine = new FakeEngine(directory, path -> answer)) {
      assertThat(offer(engine.address()).reason()).contains("no Docker engine answers");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unix:///does/not/exist",
        "tcp://127.0.0.1:1",
        "tcp://192.0.2.1:2375",
        "ssh://somewhere",
        "no address"
      })
  void addressWithoutAnEngineIsNamed(String address) {
    DockerOffer offer = offer(address);
    assertThat(offer.image()).isNull();
    assertThat(offer.reason()).startsWith("no Docker engine answers at " + address + ": ");
  }

  @Test
  void environmentSaysWhereTheEngineIs() throws Exception {
    assertThat(DockerEngine.address(Map.of("DOCKER_HOST", "tcp://127.0.0.1:2375")))
        .isEqualTo("tcp://127.0.0.1:2375");
    Files.createFile(directory.resolve("docker.sock"));
    assertThat(DockerEngine.address(Map.of("XDG_RUNTIME_DIR", directory.toString())))
        .isIn("unix:///var/run/docker.sock", "unix://" + directory + "/docker.sock");
  }

  @Test
  void imageOfTheClientsVersionIsLookedForUnlessOneIsDemanded() {
    assertThat(DockerOffer.images(null, "4.3.1"))
        .containsExactly("local/kafka:4.3.1", "apache/kafka:4.3.1");
    assertThat(DockerOffer.images("mine:2", "4.3.1")).containsExactly("mine:2");
  }
}
