package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testkit.NodePorts.Range;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodePortsTest {

  @Test
  void portsAreInTheRangeAndDiffer() throws Exception {
    var ports = NodePorts.free(9, new Range(15_000, 15_999));
    assertThat(
            ports.stream()
                .flatMap(p -> Stream.of(p.broker(), p.controller(), p.secured()))
                .toList())
        .doesNotHaveDuplicates()
        .allSatisfy(port -> assertThat(port).isBetween(15_000, 15_999));
  }

  /** A broker binds its ports some seconds after they were chosen. */
  @Test
  void portsAreOfOneNodeUntilItIsClosed() throws Exception {
    var three = new Range(14_990, 14_992);
    NodePorts node = NodePorts.free(1, three).getFirst();
    assertThatThrownBy(() -> NodePorts.free(1, three)).hasMessageContaining("no free port");
    node.close();
    NodePorts next = NodePorts.free(1, three).getFirst();
    node.close(); // idempotent: the ports belong to the next node now
    assertThatThrownBy(() -> NodePorts.free(1, three)).hasMessageContaining("no free port");
    next.close();
  }

  /** A JVM that was killed has no reservation either: its file locks end with it. */
  @Test
  void portsOfAnotherJvmAreNotGiven() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var other =
        new ProcessBuilder(
                java,
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                HoldPorts.class.getName(),
                "14993",
                "14995")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var three = new Range(14_993, 14_995);
    try (var ready = other.inputReader()) {
      assertThat(ready.readLine()).isEqualTo("held");
      assertThatThrownBy(() -> NodePorts.free(1, three)).hasMessageContaining("no free port");
    } finally {
      other.destroyForcibly().waitFor();
    }
    NodePorts.free(1, three).getFirst().close();
  }

  static final class HoldPorts {
    public static void main(String[] args) throws Exception {
      var ports =
          NodePorts.free(1, new Range(Integer.parseInt(args[0]), Integer.parseInt(args[1])));
      System.out.println("held");
      System.in.read();
      ports.getFirst().close();
    }
  }

  @Test
  void portsThatSomebodyHasAreNotGiven() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var onlyThat = new Range(taken.getLocalPort(), taken.getLocalPort());
      assertThatThrownBy(() -> NodePorts.free(1, onlyThat))
          .hasMessageContaining("no free port from " + taken.getLocalPort());
    }
  }

  @Test
  void rangeIsWhatThePropertySays() {
    assertThat(Range.parse("21000-21999")).isEqualTo(new Range(21_000, 21_999));
    assertThat(Range.parse(null)).isEqualTo(Range.ALL);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "21000", "2000-1000", "0-10", "60000-70000", "a-b", "1-2-3"})
  void whatIsNoRangeIsRefusedWithAnExample(String text) {
    assertThatThrownBy(() -> Range.parse(text))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("15000-15999");
  }
}
