package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** No process that the tests start listens for other machines. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopbackIT {

  @Test
  void childProcessListensOnLoopbackOnly() throws Exception {
    try (var broker = LocalBroker.start()) {
      assertThat(Listening.ofProcess(broker.pid())).hasSize(2).allMatch(Listening::isOnLoopback);
    }
  }

  @RequiresDocker
  @Test
  void portsOfContainersAreOnLoopbackOnly() throws Exception {
    try (var broker = DockerBroker.start()) {
      int port = Integer.parseInt(broker.bootstrapServers().split(":", -1)[1]);
      assertThat(Listening.ofPort(port)).isNotEmpty().allMatch(Listening::isOnLoopback);
    }
  }

  @Test
  void whatListensForAllIsSeen() throws Exception {
    try (var everywhere = new ServerSocket(0);
        var here = new ServerSocket()) {
      assertThat(Listening.ofProcess(ProcessHandle.current().pid()))
          .anyMatch(each -> each.port() == everywhere.getLocalPort() && !each.isOnLoopback());
      here.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      assertThat(Listening.ofPort(here.getLocalPort())).allMatch(Listening::isOnLoopback);
    }
  }
}
