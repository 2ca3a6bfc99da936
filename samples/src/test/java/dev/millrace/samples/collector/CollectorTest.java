package dev.millrace.samples.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.samples.collector.Collector.Limits;
import dev.millrace.test.NoLeaks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@NoLeaks
@Timeout(60)
class CollectorTest {

  private static final Limits LIMITS = new Limits(100, 10, 2);

  private final CancellableContext context = Context.background().withCancel();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Set<String> accepted = ConcurrentHashMap.newKeySet();
  private final Set<String> stored = ConcurrentHashMap.newKeySet();
  private final List<Failure<?>> dead = new CopyOnWriteArrayList<>();
  private final AtomicInteger number = new AtomicInteger();

  @AfterEach
  void end() {
    context.cancel();
    threads.shutdownNow();
    threads.close();
    client.close();
  }

  private Collector collector(StageConsumer<List<String>> store) throws IOException {
    return new Collector(0, LIMITS, store, dead::add);
  }

  private Future<?> run(Collector collector) {
    return threads.submit(
        () -> {
          collector.run(context);
          return true;
        });
  }

  private Load load(Collector collector) {
    return new Load(collector.port(), () -> "e" + number.getAndIncrement(), accepted::add);
  }

  private HttpResponse<Void> post(Collector collector, String event) throws Exception {
    var uri = URI.create("http://localhost:" + collector.port() + "/events");
    return client.send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(event)).build(),
        HttpResponse.BodyHandlers.discarding());
  }

  @Test
  void everyAcceptedEventIsStored() throws Exception {
    Collector collector = collector(stored::addAll);
    Future<?> end = run(collector);
    Load.Answers answers = load(collector).run(4, () -> number.get() < 2_000);
    context.cancel();
    end.get();
    assertThat(answers.accepted()).isPositive().isEqualTo(accepted.size());
    assertThat(answers.other()).isZero();
    assertThat(stored).isEqualTo(accepted);
    assertThat(collector.counts().accepted()).isEqualTo(accepted.size());
    assertThat(collector.counts().missing()).isZero();
  }

  @Test
  void fullQueueRefusesAndDrainsAtTheEnd() throws Exception {
    var open = new CountDownLatch(1);
    Collector collector =
        collector(
            batch -> {
              open.await();
              stored.addAll(batch);
            });
    Future<?> end = run(collector);
    Load.Answers answers = load(collector).run(4, () -> number.get() < 2_000);
    assertThat(answers.refused()).isPositive();
    // The queue of 100, and what the stages hold: a few hundred events, of whatever number is sent.
    assertThat(answers.accepted()).isBetween(100L, 1_000L);
    var refusal = post(collector, "late");
    assertThat(refusal.statusCode()).isEqualTo(429);
    assertThat(refusal.headers().firstValue("Retry-After")).contains("1");

    context.cancel();
    await().until(() -> post(collector, "later").statusCode() == 503);
    assertThat(stored).isEmpty();
    open.countDown();
    end.get();
    assertThat(stored).isEqualTo(accepted);
    assertThat(collector.counts().missing()).isZero();
  }

  @Test
  void failingStoreIsTriedAgain() throws Exception {
    var calls = new AtomicInteger();
    Collector collector =
        collector(
            batch -> {
              if (calls.incrementAndGet() == 1) {
                throw new IOException("503 slow down");
              }
              stored.addAll(batch);
            });
    Future<?> end = run(collector);
    assertThat(post(collector, "one").statusCode()).isEqualTo(202);
    context.cancel();
    end.get();
    assertThat(stored).containsExactly("one");
    assertThat(dead).isEmpty();
  }

  @Test
  void batchThatCannotBeStoredIsADeadLetter() throws Exception {
    Collector collector =
        collector(
            batch -> {
              throw new IOException("no such bucket");
            });
    Future<?> end = run(collector);
    assertThat(post(collector, "one").statusCode()).isEqualTo(202);
    context.cancel();
    end.get();
    assertThat(dead)
        .singleElement()
        .satisfies(failure -> assertThat(failure.element()).isEqualTo(List.of("one")));
    assertThat(collector.counts()).isEqualTo(new Collector.Counts(1, 0, 0, 1));
  }

  @Test
  void tooLargeEventsAndOtherMethodsAreRefused() throws Exception {
    Collector collector = collector(stored::addAll);
    Future<?> end = run(collector);
    assertThat(post(collector, "x".repeat(4 * 1024 + 1)).statusCode()).isEqualTo(413);
    var get =
        HttpRequest.newBuilder(URI.create("http://localhost:" + collector.port() + "/events"));
    assertThat(client.send(get.build(), HttpResponse.BodyHandlers.discarding()).statusCode())
        .isEqualTo(405);
    context.cancel();
    end.get();
    assertThat(stored).isEmpty();
  }

  @Test
  void demoLosesNothing() {
    var out = new ByteArrayOutputStream();
    int status =
        CollectorDemo.execute(new PrintStream(out, true, StandardCharsets.UTF_8), "--seconds", "1");
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("lost         0")
        .containsPattern("accepted +[1-9]");
    assertThat(status).isZero();
  }
}
