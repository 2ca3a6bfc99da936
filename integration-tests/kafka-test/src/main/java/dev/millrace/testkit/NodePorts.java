package dev.millrace.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The ports of one node.
 *
 * <p>They are below those that systems give to outgoing connections. A broker that is down comes
 * back to its port, and in between nobody else may get it: not even a client that tries to connect
 * to it, which may be connected with itself where both ends are drawn from the same range.
 */
record NodePorts(int broker, int controller, int secured) {

  /** Of JVMs that run at the same time, each may have a part of the ports for itself. */
  static final String PORTS = "kafka.ports";

  private static final int ATTEMPTS = 1000;

  /** Ports from the first to the last one, both included. */
  record Range(int first, int last) {

    static final Range ALL = new Range(15_000, 31_999);

    private static final Pattern FORM = Pattern.compile("(\\d{1,5})-(\\d{1,5})");

    /**
     * @throws IllegalStateException if it is no range of ports
     */
    static Range parse(@Nullable String text) {
      if (text == null) {
        return ALL;
      }
      var matcher = FORM.matcher(text);
      if (matcher.matches()) {
        int first = Integer.parseInt(matcher.group(1));
        int last = Integer.parseInt(matcher.group(2));
        if (1 <= first && first <= last && last <= 65_535) {
          return new Range(first, last);
        }
      }
      throw new IllegalStateException(
          PORTS + " is the first and the last port, 15000-15999 for example, not " + text);
    }
  }

  /** Ports of as many nodes that are free now; all are held until all are known. */
  static List<NodePorts> free(int nodes) throws IOException {
    return free(nodes, Range.parse(System.getProperty(PORTS)));
  }

  static List<NodePorts> free(int nodes, Range range) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      List<NodePorts> ports = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        ports.add(new NodePorts(hold(held, range), hold(held, range), hold(held, range)));
      }
      return ports;
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  private static int hold(List<ServerSocket> held, Range range) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      var socket = new ServerSocket();
      int port = ThreadLocalRandom.current().nextInt(range.first(), range.last() + 1);
      try {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
        held.add(socket);
        return port;
      } catch (IOException e) {
        socket.close(); // somebody has it
      }
    }
    throw new IOException("there is no free port from " + range.first() + " to " + range.last());
  }
}
