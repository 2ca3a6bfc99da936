package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testkit.NodePorts.Range;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Brokers that start while other processes take their ports. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PortsIT {

  /** Another process has one of the first node's ports; the next node's ports are free. */
  private static NodePorts.Choice firstTaken(String role, List<ServerSocket> strangers) {
    return nodes -> {
      List<NodePorts> ports = NodePorts.free(nodes);
      if (strangers.isEmpty()) {
        strangers.add(listenAt(port(ports.getFirst(), role)));
      }
      return ports;
    };
  }

  private static int port(NodePorts ports, String role) {
    return role.equals("broker") ? ports.broker() : ports.controller();
  }

  private static ServerSocket listenAt(int port) throws java.io.IOException {
    var socket = new ServerSocket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return socket;
  }

  @ParameterizedTest
  @ValueSource(strings = {"broker", "controller"})
  void brokerWhosePortIsTakenStartsAtOthers(String role) throws Exception {
    List<ServerSocket> strangers = new ArrayList<>();
    try (var broker = LocalBroker.start(Map.of(), firstTaken(role, strangers));
        var admin = broker.admin()) {
      assertThat(admin.describeCluster().nodes().get()).hasSize(1);
      assertThat(broker.bootstrapServers())
          .doesNotEndWith(":" + strangers.getFirst().getLocalPort());
    } finally {
      for (ServerSocket each : strangers) {
        each.close();
      }
    }
  }

  /** A client of the second broker would otherwise write to the first one. */
  @Test
  void brokerIsNotTakenForAnother() throws Exception {
    try (var other = LocalBroker.start()) {
      int taken = Integer.parseInt(other.bootstrapServers().split(":", -1)[1]);
      NodePorts.Choice choice = nodes -> List.of(new NodePorts(taken, 15_001, 15_002, List.of()));
      assertThatThrownBy(() -> LocalBroker.start(Map.of(), choice))
          .isInstanceOf(PortTakenException.class)
          .hasMessageContaining(Integer.toString(taken));
    }
  }

  /** Six ports are just enough for two nodes. */
  @Test
  void brokersThatStartAtTheSameTimeHaveDifferentPorts() throws Exception {
    int first =
        31_000 + (int) (ProcessHandle.current().pid() % 150) * 6; // builds side by side differ
    var six = new Range(first, first + 5);
    try (var one = LocalBroker.start(Map.of(), nodes -> NodePorts.free(nodes, six));
        var two = LocalBroker.start(Map.of(), nodes -> NodePorts.free(nodes, six))) {
      assertThat(one.bootstrapServers()).isNotEqualTo(two.bootstrapServers());
    }
  }
}
