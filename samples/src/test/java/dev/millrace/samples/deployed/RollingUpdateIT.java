package dev.millrace.samples.deployed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.Partitions;
import dev.millrace.testkit.TestKafka;
import dev.millrace.testkit.TestTopic;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three processes are replaced one by one, as an orchestrator does it, while orders come in. */
@KafkaTest
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RollingUpdateIT {

  private static final Duration LONG = Duration.ofSeconds(90);
  private static final Pattern RESULT = Pattern.compile("handled (\\d+) orders, amount (\\d+)");

  @TempDir private Path directory;

  private final List<Instance> all = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void end() {
    all.forEach(instance -> instance.process.destroyForcibly());
    client.close();
  }

  private record Instance(Process process, Path log, URI ready) {}

  private Instance start(TestKafka kafka, String topic) throws IOException {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path log = directory.resolve("instance-" + all.size() + ".log");
    var builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                OrderService.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("KAFKA_BROKERS", kafka.bootstrapServers());
    builder.environment().put("TOPIC", topic);
    builder.environment().put("GROUP", topic);
    builder.environment().put("PORT", Integer.toString(port));
    var instance =
        new Instance(
            builder.start(), log, URI.create("http://localhost:" + port + "/health/ready"));
    all.add(instance);
    return instance;
  }

  private void awaitReady(Instance instance) {
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(
            () ->
                client
                        .send(
                            HttpRequest.newBuilder(instance.ready()).build(),
                            HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                    == 200);
  }

  /** SIGTERM, as the orchestrator sends it. The process drains and ends by itself. */
  private static void stop(Instance instance) throws Exception {
    instance.process().destroy();
    assertThat(instance.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(instance.process().exitValue()).as(Files.readString(instance.log())).isZero();
  }

  @Test
  void everyOrderIsHandledOnce(
      TestKafka kafka, Admin admin, @Partitions(6) TestTopic orders, Producer<String, String> to)
      throws Exception {
    kafka.createTopic(orders.name() + ".dead", 1);
    List<Instance> running = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      running.add(start(kafka, orders.name()));
    }
    running.forEach(this::awaitReady);

    var customers = new Customers(to, orders.name());
    var sending = Thread.ofPlatform().start(customers);
    for (int i = 0; i < 3; i++) {
      stop(running.removeFirst());
      Instance next = start(kafka, orders.name());
      awaitReady(next);
      running.add(next);
    }
    customers.stop = true;
    sending.join();
    await().atMost(LONG).until(() -> committed(admin, orders.name()) == customers.sent);
    for (Instance instance : running) {
      stop(instance);
    }

    long handled = 0;
    long amount = 0;
    for (Instance instance : all) {
      Matcher result = RESULT.matcher(Files.readString(instance.log()));
      assertThat(result.find()).as(Files.readString(instance.log())).isTrue();
      handled += Long.parseLong(result.group(1));
      amount += Long.parseLong(result.group(2));
    }
    assertThat(handled).as("orders handled, of %s sent", customers.sent).isEqualTo(customers.sent);
    assertThat(amount).isEqualTo(customers.sent * (customers.sent - 1) / 2);
  }

  private static long committed(Admin admin, String group) throws Exception {
    long sum = 0;
    var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    for (TopicPartition partition : offsets.keySet()) {
      sum += offsets.get(partition).offset();
    }
    return sum;
  }

  /** Sends an order every few milliseconds; the amounts are 0, 1, 2, … */
  private static final class Customers implements Runnable {

    private final Producer<String, String> to;
    private final String topic;
    private volatile boolean stop;
    private volatile long sent;

    private Customers(Producer<String, String> to, String topic) {
      this.to = to;
      this.topic = topic;
    }

    @Override
    public void run() {
      long next = 0;
      while (!stop) {
        var _ = to.send(new ProducerRecord<>(topic, "customer " + next % 50, Long.toString(next)));
        next++;
        LockSupport.parkNanos(2_000_000);
      }
      to.flush();
      sent = next;
    }
  }
}
