package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.apache.kafka.clients.NetworkClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.slf4j.LoggerFactory;

/** No process that the tests start listens for other machines, or fills the log while it starts. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopbackIT {

  @Test
  void childProcessListensOnLoopbackOnlyAndIsAwaitedQuietly() throws Exception {
    var client = (Logger) LoggerFactory.getLogger(NetworkClient.class);
    var lines = new ListAppender<ILoggingEvent>();
    lines.start();
    client.addAppender(lines);
    client.setLevel(Level.WARN);
    try (var broker = LocalBroker.start()) {
      assertThat(Listening.ofProcess(broker.pid())).hasSize(2).allMatch(Listening::isOnLoopback);
      assertThat(lines.list).isEmpty(); // no line for each refused connection
    } finally {
      client.setLevel(null);
      client.detachAppender(lines);
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
