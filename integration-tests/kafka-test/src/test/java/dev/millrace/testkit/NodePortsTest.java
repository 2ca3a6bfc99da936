package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testkit.NodePorts.Range;
import java.net.InetAddress;
import java.net.ServerSocket;
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
