package dev.millrace.samples.orders;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Asks the shop. Thread-safe; a call blocks, and obeys an interrupt. */
final class ShopClient implements AutoCloseable {

  /** The shop has no such thing: asking again does not help. */
  static final class UnknownException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownException(String path) {
      super("the shop does not know " + path);
    }
  }

  private final HttpClient client = HttpClient.newHttpClient();
  private final URI shop;

  ShopClient(URI shop) {
    this.shop = shop;
  }

  /**
   * The cents at a path.
   *
   * @throws IOException if the shop does not answer, or is overloaded
   * @throws UnknownException if the shop does not know it
   */
  long cents(String path) throws IOException, InterruptedException, UnknownException {
    var request = HttpRequest.newBuilder(shop.resolve(path)).build();
    var answer = client.send(request, BodyHandlers.ofString());
    return switch (answer.statusCode()) {
      case 200 -> Long.parseLong(answer.body());
      case 404 -> throw new UnknownException(path);
      default ->
          throw new IOException("the shop answers %s with %d".formatted(path, answer.statusCode()));
    };
  }

  @Override
  public void close() {
    client.close();
  }
}
