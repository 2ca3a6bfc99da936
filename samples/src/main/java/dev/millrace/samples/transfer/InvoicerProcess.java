package dev.millrace.samples.transfer;

import java.io.IOException;
import java.nio.file.Path;

/** A running {@link Invoicer}. Killed when it is closed. */
record InvoicerProcess(String name, Process process) implements AutoCloseable {

  static InvoicerProcess start(String name, String brokers, String orders, String invoices)
      throws IOException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            Invoicer.class.getName(),
            brokers,
            orders,
            invoices,
            name);
    builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    return new InvoicerProcess(name, builder.start());
  }

  /** Sends SIGKILL, and waits for the end. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /**
   * Sends SIGTERM, and waits for the end.
   *
   * @return the exit status
   */
  int stop() throws InterruptedException {
    process.toHandle().destroy(); // leaves the standard input open, unlike Process.destroy()
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
