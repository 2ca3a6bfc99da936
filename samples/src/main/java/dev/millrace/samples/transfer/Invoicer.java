package dev.millrace.samples.transfer;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The process that does the work: it makes one invoice of each order. Start it as often as there is
 * work for it; the processes share the partitions of the orders.
 */
public final class Invoicer {

  /** The header that names the process that has made an invoice. */
  static final String MADE_BY = "made-by";

  private static final Duration DRAIN = Duration.ofSeconds(10);

  private Invoicer() {}

  /** Runs until SIGTERM. Arguments: brokers, topic of orders, topic of invoices, name. */
  public static void main(String[] args) throws InterruptedException {
    endWithParent();
    System.exit(LoopProcess.run(loop(args[0], args[1], args[2], args[3]), DRAIN));
  }

  private static KafkaLoop<String, String> loop(
      String brokers, String orders, String invoices, String name) {
    return KafkaLoop.<String, String>builder()
        .properties(
            Map.of(
                "bootstrap.servers",
                brokers,
                "group.id",
                orders + "-invoicers",
                // A dead process keeps its partitions for this time. Kafka's default: 45,000.
                "session.timeout.ms",
                6_000))
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(orders)
        .ordering(Ordering.KEY)
        .concurrency(16)
        .transactionalHandler(
            new StringSerializer(),
            new StringSerializer(),
            (order, output) -> output.send(invoice(order, invoices, name)))
        .commitInterval(Duration.ofMillis(100)) // a transaction; readers wait for it
        // The open transaction of a dead process keeps readers waiting for this time.
        .producerProperties(Map.of("transaction.timeout.ms", 6_000))
        .build();
  }

  private static ProducerRecord<String, String> invoice(
      ConsumerRecord<String, String> order, String invoices, String name)
      throws InterruptedException {
    Thread.sleep(5); // stands for a question to another service: a handler may block
    var invoice = new ProducerRecord<>(invoices, order.key(), order.value());
    invoice.headers().add(MADE_BY, name.getBytes(StandardCharsets.UTF_8));
    return invoice;
  }

  /** The parent holds the other end of the standard input: no process survives a killed parent. */
  private static void endWithParent() {
    Thread.ofPlatform()
        .daemon()
        .name("parent")
        .start(
            () -> {
              try {
                var _ = System.in.read();
              } catch (IOException e) {
                System.err.println("the standard input cannot be read: " + e.getMessage());
              }
              Runtime.getRuntime().halt(1);
            });
  }
}
