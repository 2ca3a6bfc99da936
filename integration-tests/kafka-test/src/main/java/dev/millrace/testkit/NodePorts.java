package dev.millrace.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileLock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The ports of one node.
 *
 * <p>The ports are below the ports that systems give to outgoing connections. A broker that is down
 * comes back to its port, so no other process may get the port in between. A client that tries to
 * connect to the port must not get it either: if both ends are drawn from one range, the client may
 * connect to itself.
 *
 * <p>The ports are reserved for this node until {@link #close}, see {@link PortLocks}. A process
 * that does not know these reservations can still take a port after the choice; {@link
 * LocalBroker#start} and {@link LocalCluster#start} then choose others.
 */
record NodePorts(int broker, int controller, int secured, List<FileLock> locks)
    implements AutoCloseable {

  /** The system property with the range of ports to choose from. */
  static final String PORTS = "kafka.ports";

  private static final int ATTEMPTS = 1000;

  /** Ports from the first to the last one, both included. */
  record Range(int first, int last) {

    static final Range ALL = new Range(15_000, 31_999);

    private static final Pattern FORM = Pattern.compile("(\\d{1,5})-(\\d{1,5})");

    /**
     * @throws IllegalStateException if the text is not a range of ports
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

  /** Chooses the ports of a cluster. */
  @FunctionalInterface
  interface Choice {
    List<NodePorts> of(int nodes) throws IOException;
  }

  /** Free ports for each of the nodes, reserved until {@link #close}. */
  static List<NodePorts> free(int nodes) throws IOException {
    return free(nodes, Range.parse(System.getProperty(PORTS)));
  }

  static List<NodePorts> free(int nodes, Range range) throws IOException {
    List<NodePorts> ports = new ArrayList<>();
    boolean complete = false;
    try {
      for (int i = 0; i < nodes; i++) {
        ports.add(ofOneNode(range));
      }
      complete = true;
      return ports;
    } finally {
      if (!complete) {
        ports.forEach(NodePorts::close);
      }
    }
  }

  private static NodePorts ofOneNode(Range range) throws IOException {
    List<FileLock> locks = new ArrayList<>();
    boolean complete = false;
    try {
      var ports =
          new NodePorts(reserve(locks, range), reserve(locks, range), reserve(locks, range), locks);
      complete = true;
      return ports;
    } finally {
      if (!complete) {
        PortLocks.release(locks);
      }
    }
  }

  private static int reserve(List<FileLock> locks, Range range) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(range.first(), range.last() + 1);
      FileLock lock = PortLocks.tryReserve(port);
      if (lock != null) {
        if (isFree(port)) {
          locks.add(lock);
          return port;
        }
        lock.release();
      }
    }
    throw new IOException("there is no free port from " + range.first() + " to " + range.last());
  }

  private static boolean isFree(int port) {
    try (var socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
      return true;
    } catch (IOException e) {
      return false; // another process listens there
    }
  }

  /** Whether no process listens on any of them. */
  boolean areFree() {
    return isFree(broker) && isFree(controller) && isFree(secured);
  }

  /** Releases the ports for other nodes. Idempotent. */
  @Override
  public void close() {
    PortLocks.release(locks);
  }
}
