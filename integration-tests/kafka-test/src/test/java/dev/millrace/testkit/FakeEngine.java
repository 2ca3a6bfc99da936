package dev.millrace.testkit;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Answers like a Docker engine: one request, one answer, then it closes the connection. */
final class FakeEngine implements AutoCloseable {

  private final Path socket;
  private final ServerSocketChannel server;
  final List<String> asked = new CopyOnWriteArrayList<>();

  /** {@code answer} maps the path of a request to the whole answer; null for no answer. */
  FakeEngine(Path directory, Function<String, @Nullable String> answer) throws IOException {
    socket = directory.resolve("engine.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().start(() -> serve(answer));
  }

  /** An engine that has these images. */
  static FakeEngine having(Path directory, String... images) throws IOException {
    return new FakeEngine(
        directory,
        path -> {
          if (path.equals("/_ping")) {
            return "HTTP/1.0 200 OK\r\n\r\nOK";
          }
          for (String image : images) {
            if (path.equals("/images/" + image + "/json")) {
              return "HTTP/1.0 200 OK\r\n\r\n{}";
            }
            if (path.startsWith("/images/json?") && image.startsWith("testcontainers/ryuk")) {
              return "HTTP/1.0 200 OK\r\n\r\n[{\"RepoTags\":[\"" + image + "\"]}]";
            }
          }
          return path.startsWith("/images/json?")
              ? "HTTP/1.0 200 OK\r\n\r\n[]"
              : "HTTP/1.0 404 Not Found\r\n\r\n{}";
        });
  }

  private void serve(Function<String, @Nullable String> answer) {
    try {
      while (true) {
        SocketChannel client = server.accept();
        var buffer = ByteBuffer.allocate(4096);
        client.read(buffer);
        String path = new String(buffer.array(), StandardCharsets.US_ASCII).split(" ", -1)[1];
        asked.add(path);
        String text = answer.apply(path);
        if (text != null) {
          client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
          client.close();
        }
      }
    } catch (IOException e) {
      // the engine is closed
    }
  }

  String address() {
    return "unix://" + socket;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
