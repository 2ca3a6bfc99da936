package dev.millrace.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The ports of one node.
 *
 * <p>They are below those that systems give to outgoing connections. A broker that is down comes
 * back to its port, and in between nobody else may get it: not even a client that tries to connect
 * to it, which may be connected with itself where both ends are drawn from the same range.
 */
record NodePorts(int broker, int controller, int secured) {

  private static final int LOWEST = 15_000;
  private static final int HIGHEST = 32_000;
  private static final int ATTEMPTS = 1000;

  /** Ports of as many nodes that are free now; all are held until all are known. */
  static List<NodePorts> free(int nodes) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      List<NodePorts> ports = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        ports.add(new NodePorts(hold(held), hold(held), hold(held)));
      }
      return ports;
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  private static int hold(List<ServerSocket> held) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      var socket = new ServerSocket();
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      try {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
        held.add(socket);
        return port;
      } catch (IOException e) {
        socket.close(); // somebody has it
      }
    }
    throw new IOException("there is no free port from " + LOWEST + " to " + HIGHEST);
  }
}
