package dev.millrace.testkit.chaos;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The network between clients and one broker: a port on loopback that forwards to the port of the
 * broker. It can cut off a client, or lose the answers to its commits.
 *
 * <p>The broker advertises this port, so all clients connect to it. It reads the frames of Kafka's
 * protocol up to the client's id, which identifies the client. Thread-safe.
 */
final class FaultyNetwork implements AutoCloseable {

  private static final int MAX_FRAME = 100 << 20;

  private final ServerSocket server;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final Set<String> cut = ConcurrentHashMap.newKeySet();
  private final Map<String, Request> refused = new ConcurrentHashMap<>();
  private final Map<String, Request> unanswered = new ConcurrentHashMap<>();
  private final AtomicInteger lost = new AtomicInteger();
  private final LostDeliveries lostDeliveries = new LostDeliveries();
  private volatile int target;

  FaultyNetwork() throws IOException {
    server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("network").start(this::accept);
  }

  /** Sets the port to forward to, on loopback. */
  void target(int port) {
    target = port;
  }

  /** The address that clients connect to. */
  String address() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  /** Closes the connections of the client, and refuses new ones. */
  void cut(String client) {
    cut.add(client);
    links.stream().filter(link -> link.isOf(client)).forEach(Link::close);
  }

  /** Forwards these requests of the client to the broker, but drops the answers. */
  void loseAnswers(String client, Request request) {
    unanswered.put(client, request);
  }

  /** Cuts the connection of the client instead of forwarding such a request. */
  void refuse(String client, Request request) {
    refused.put(client, request);
  }

  /** Ends all disturbances of the client. */
  void heal(String client) {
    cut.remove(client);
    unanswered.remove(client);
    refused.remove(client);
  }

  /** The number of commits that had no answer, or did not arrive. */
  int lost() {
    return lost.get();
  }

  /** The deliveries of share groups that were in lost answers. */
  LostDeliveries lostDeliveries() {
    return lostDeliveries;
  }

  private void accept() {
    try {
      while (true) {
        var link = new Link(server.accept());
        Thread.ofVirtual().start(link::requests);
      }
    } catch (IOException e) {
      if (!server.isClosed()) {
        throw new IllegalStateException("the network fails in an unplanned way", e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    links.forEach(Link::close);
  }

  private static boolean contains(Map<String, Request> clients, String id, int api) {
    return clients.entrySet().stream()
        .anyMatch(one -> one.getValue().number == api && isOf(one.getKey(), id));
  }

  /**
   * Whether {@code id} is the client's id, or the id of one of its inner clients. The client's id
   * is the prefix of these ids.
   */
  private static boolean isOf(String client, String id) {
    return id.equals(client) || id.startsWith(client + "-");
  }

  /** An answer that will be lost, by the numbers of its request. */
  private record ToLose(int api, short version) {}

  /** A connection of a client, and the connection to the broker behind it. */
  private final class Link {
    private final Socket client;
    private final Socket broker = new Socket();
    private final Map<Integer, ToLose> answersToLose = new ConcurrentHashMap<>();
    private volatile String id = "";

    Link(Socket client) {
      this.client = client;
    }

    boolean isOf(String name) {
      return FaultyNetwork.isOf(name, id);
    }

    void close() {
      links.remove(this);
      for (Socket socket : new Socket[] {client, broker}) {
        try {
          socket.close();
        } catch (IOException e) {
          throw new IllegalStateException("a socket cannot be closed", e);
        }
      }
    }

    void requests() {
      links.add(this);
      try {
        client.setTcpNoDelay(true);
        broker.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 2000);
        broker.setTcpNoDelay(true);
        Thread.ofVirtual().start(this::answers);
        var in = new DataInputStream(client.getInputStream());
        while (true) {
          byte[] frame = frame(in);
          if (!mayPass(ByteBuffer.wrap(frame))) {
            break;
          }
          write(broker.getOutputStream(), frame);
        }
      } catch (IOException e) {
        // one side is closed; the other follows
      } finally {
        close();
      }
    }

    private boolean mayPass(ByteBuffer request) {
      int api = request.getShort();
      short version = request.getShort();
      int number = request.getInt();
      int length = request.getShort();
      if (length > 0) {
        byte[] text = new byte[length];
        request.get(text);
        id = new String(text, StandardCharsets.UTF_8);
      }
      if (cut.stream().anyMatch(this::isOf)) {
        return false;
      }
      if (contains(refused, id, api)) {
        lost.incrementAndGet();
        return false;
      }
      if (contains(unanswered, id, api)) {
        answersToLose.put(number, new ToLose(api, version));
      }
      return true;
    }

    private void answers() {
      try {
        var in = new DataInputStream(broker.getInputStream());
        while (true) {
          byte[] frame = frame(in);
          ToLose one = answersToLose.get(ByteBuffer.wrap(frame).getInt());
          if (one != null) {
            lost.incrementAndGet();
            if (one.api == Request.SHARE_FETCH.number) {
              lostDeliveries.add(ByteBuffer.wrap(frame), one.version);
            }
            break;
          }
          write(client.getOutputStream(), frame);
        }
      } catch (IOException e) {
        // one side is closed; the other follows
      } finally {
        close();
      }
    }

    private static byte[] frame(DataInputStream in) throws IOException {
      int length = in.readInt();
      if (length < 0 || length > MAX_FRAME) {
        throw new IOException("not a frame of Kafka's protocol: " + length + " bytes");
      }
      byte[] frame = new byte[length];
      in.readFully(frame);
      return frame;
    }

    private static void write(OutputStream out, byte[] frame) throws IOException {
      byte[] all = ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array();
      out.write(all);
    }
  }
}
