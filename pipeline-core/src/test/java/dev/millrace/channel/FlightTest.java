package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;

/** Java Flight Recorder gets the waits on channels that are longer than its threshold. */
class FlightTest {

  private static void receive(Channel<Integer> channel) {
    try {
      var _ = channel.receiveOrNull();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void select(Channel<Integer> one, Channel<Integer> other) {
    try {
      var _ =
          new Select<Integer>()
              .onReceive(one, element -> element)
              .onReceive(other, element -> element)
              .select();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void waitsAboveTheThresholdAreRecorded() throws Exception {
    List<RecordedEvent> waits = new CopyOnWriteArrayList<>();
    try (var jfr = new RecordingStream()) {
      jfr.enable("dev.millrace.ChannelWait").withThreshold(Duration.ofMillis(20));
      jfr.onEvent("dev.millrace.ChannelWait", waits::add);
      jfr.startAsync();
      Channel<Integer> orders = Channel.<Integer>buffered(1).named("orders");
      Channel<Integer> other = Channel.<Integer>buffered(1).named("other");
      await().until(ChannelWait::isWatched);
      for (Runnable wait : List.<Runnable>of(() -> receive(orders), () -> select(orders, other))) {
        Thread waiter = Thread.ofVirtual().name("waiter").start(wait);
        await().until(() -> waiter.getState() == Thread.State.WAITING);
        long parked = System.nanoTime();
        await().until(() -> System.nanoTime() - parked > 30_000_000);
        orders.send(1);
        waiter.join();
      }
      jfr.stop(); // waits for the events
    }
    assertThat(waits)
        .filteredOn(event -> event.getThread().getJavaName().equals("waiter"))
        .hasSize(2)
        .allSatisfy(event -> assertThat(event.getDuration()).isGreaterThan(Duration.ofMillis(20)))
        .extracting(event -> event.getString("operation"))
        .satisfiesExactlyInAnyOrder(
            one -> assertThat(one).startsWith("receive from Channel[orders: "),
            one ->
                assertThat(one)
                    .contains("receive from Channel[orders: ", "receive from Channel[other: "));
  }

  @Test
  void cancelledContextIsRecordedOnceWithItsCause() throws Exception {
    List<RecordedEvent> cancelled = new CopyOnWriteArrayList<>();
    try (var jfr = new RecordingStream()) {
      jfr.onEvent("dev.millrace.ContextCancelled", cancelled::add);
      jfr.startAsync();
      try (var parent = Context.background().withCancel();
          var child = parent.withCancel()) {
        await().until(ChannelWait::isWatched); // the recorder is in use
        parent.cancel(new IOException("the reason"));
        child.cancel();
      }
      jfr.stop();
    }
    assertThat(cancelled)
        .filteredOn(event -> "the reason".equals(event.getString("message")))
        .singleElement()
        .satisfies(
            event -> assertThat(event.getString("cause")).isEqualTo(IOException.class.getName()));
  }

  @Test
  void waitsAreNotWatchedWithoutARecording() {
    assertThat(ChannelWait.isWatched()).isFalse();
  }
}
