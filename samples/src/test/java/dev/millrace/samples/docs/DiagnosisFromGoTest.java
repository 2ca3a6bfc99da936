package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelDebug;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The snippets of the guide for Go programmers about diagnosis, run. */
@Timeout(60)
class DiagnosisFromGoTest {

  private final CountDownLatch answer = new CountDownLatch(1);

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  private int lookup(int order) throws InterruptedException {
    answer.await();
    return order;
  }

  @ParameterizedTest
  @MethodSource("engines")
  void stuckRun(Engine engine) throws Exception {
    // doc:begin
    var job =
        Pipe.from("orders", Source.generate(() -> 1))
            .map("parse", order -> order)
            .buffer("apart", 16)
            .map("lookup", this::lookup) // does not return
            .to(Sink.count());
    try (Run<Long> run = job.start(engine, Context.background())) {
      await().until(() -> run.explain().contains("parse: waits for 'apart'"));
      String why = run.explain();
      // parse: waits for 'apart' to take an element, for 1.2 s; …
      // lookup: runs its function, for at least 1.2 s, at
      // com.example.Orders.lookup(Orders.java:42); …
      assertThat(why).contains("lookup: runs its function").contains(".lookup(");
    }
    // doc:end
  }

  private static int slowly(int element) {
    LockSupport.parkNanos(1_000_000);
    return element;
  }

  @ParameterizedTest
  @MethodSource("engines")
  void bottleneck(Engine engine) {
    // doc:begin
    var job =
        Pipe.from("orders", Source.generate(() -> 1))
            .map("parse", order -> order)
            .buffer("apart", 4)
            .map("write", order -> slowly(order))
            .to(Sink.count());
    try (Run<Long> run = job.start(engine, Context.background())) {
      await().until(() -> run.explain().contains("bottleneck: 'write'"));
      // bottleneck: 'write', 'sink' (in one thread). 'parse' has waited for room for 9.3 s of
      // 9.8 s (95 %). A larger buffer before it would not help: make it faster, or …
    }
    // doc:end
  }

  @Test
  void asleep() throws Exception {
    // doc:begin
    Channel<String> orders = Channel.<String>buffered(3).named("orders");
    try (var group = TaskGroup.open(Context.background())) {
      group.fork(() -> orders.receiveOrNull()); // no task sends
      await().until(() -> orders.waitingReceivers() == 1);

      String state = orders.toString(); // always
      assertThat(state).isEqualTo("Channel[orders: 0 of 3, 0 senders and 1 receivers wait]");

      String asleep = ChannelDebug.explain(); // with -Ddev.millrace.debug=true
      // thread '…' waits to receive from Channel[orders: …], for 1.2 s, at com.example.…
      orders.close();
      group.join();
      assertThat(asleep.contains("orders")).isEqualTo(Boolean.getBoolean("dev.millrace.debug"));
    }
    // doc:end
  }

  @Test
  void recorded() throws Exception {
    // doc:begin
    List<RecordedEvent> waits = new CopyOnWriteArrayList<>();
    try (var jfr = new RecordingStream()) { // or: jcmd PID JFR.start, then jfr view
      jfr.enable("dev.millrace.StageWait").withThreshold(Duration.ofMillis(1)); // default: 10 ms
      jfr.onEvent("dev.millrace.StageWait", waits::add);
      jfr.startAsync();
      Pipe.from("orders", Source.generate(() -> 1))
          .take("some", 100)
          .buffer("apart", 2)
          .map("write", order -> slowly(order))
          .to(Sink.count())
          .start(Engine.channels(), Context.background())
          .join();
      jfr.stop(); // waits for the events
    }
    assertThat(waits).anyMatch(wait -> wait.getString("waitsFor").equals("room"));
    // doc:end
  }
}
