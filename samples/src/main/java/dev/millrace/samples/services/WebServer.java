package dev.millrace.samples.services;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.context.Context;
import dev.millrace.service.Service;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/**
 * An HTTP server on the loopback address that serves until its context is cancelled. Each request
 * has a virtual thread. {@link #run} may be called once.
 */
final class WebServer implements Service {

  private static final int GRACE_SECONDS = 2;

  private final HttpServer server;

  /**
   * Takes the port, so that a port in use is noticed before anything runs.
   *
   * @param port 0 for any free port
   * @param path the prefix of the paths that the handler serves
   */
  WebServer(int port, String path, HttpHandler handler) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(path, handler);
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void run(Context context) throws InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      server.setExecutor(threads);
      server.start();
      try {
        context.done().receiveOrNull();
      } finally {
        server.stop(GRACE_SECONDS); // running requests may end; no new ones begin
      }
    }
  }
}
