package dev.millrace.samples.transfer;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * One run: sends orders, lets two processes make invoices of them, and kills one of the two in the
 * middle of its work. Not thread-safe.
 */
final class TransferRun implements AutoCloseable {

  private static final int CUSTOMERS = 100;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final String brokers;
  private final String orders;
  private final String invoices;
  private final PrintStream out;
  private final Producer<String, String> producer;
  private final InvoiceReader committed;
  private final InvoiceReader all;
  private int sent;

  TransferRun(String brokers, String orders, String invoices, PrintStream out) {
    this.brokers = brokers;
    this.orders = orders;
    this.invoices = invoices;
    this.out = out;
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", brokers), new StringSerializer(), new StringSerializer());
    committed = new InvoiceReader(brokers, invoices, "read_committed");
    all = new InvoiceReader(brokers, invoices, "read_uncommitted");
  }

  /** Returns whether each order has exactly one invoice. */
  boolean isExactlyOnce() throws Exception {
    try (var first = start("first")) {
      await(20, () -> committed.madeBy("first") > 0);
      try (var second = start("second")) {
        await(20, () -> committed.madeBy("second") > 0);
        out.println("second has joined: both make invoices");
        int before = committed.total();
        send(4_000);
        await(0, () -> committed.total() > before + 1_000);
        first.kill();
        out.printf("first is killed; %,d orders have no invoice yet%n", sent - committed.total());
        await(0, () -> committed.byOrder().size() == sent);
        out.println("second is stopped, exit status " + second.stop());
      }
    }
    all.readTo(all.ends());
    committed.readTo(all.ends());
    return report();
  }

  private InvoicerProcess start(String name) throws IOException {
    out.println(name + " is started");
    return InvoicerProcess.start(name, brokers, orders, invoices);
  }

  /** Reads invoices until the condition holds, and sends some orders before each look. */
  private void await(int sending, BooleanSupplier condition) throws Exception {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException(
            "after %s, only %,d of %,d orders have an invoice"
                .formatted(PATIENCE, committed.byOrder().size(), sent));
      }
      send(sending);
      committed.poll();
    }
  }

  /** Returns when the broker has acknowledged the orders. */
  private void send(int number) throws ExecutionException, InterruptedException {
    List<Future<?>> acknowledged = new ArrayList<>();
    for (int i = 0; i < number; i++, sent++) {
      acknowledged.add(
          producer.send(
              new ProducerRecord<>(orders, "customer-" + sent % CUSTOMERS, "order-" + sent)));
    }
    for (Future<?> one : acknowledged) {
      one.get();
    }
  }

  private boolean report() {
    long repeated = committed.byOrder().values().stream().filter(number -> number > 1).count();
    int missing = sent - committed.byOrder().size();
    out.printf("orders     %,d%n", sent);
    out.printf(
        "invoices   %,d: %,d by first, %,d by second%n",
        committed.total(), committed.madeBy("first"), committed.madeBy("second"));
    out.printf("aborted    %,d invoices of dead transactions%n", all.total() - committed.total());
    out.printf("repeated   %,d%n", repeated);
    out.printf("missing    %,d%n", missing);
    return repeated == 0 && missing == 0;
  }

  @Override
  public void close() {
    producer.close();
    committed.close();
    all.close();
  }
}
