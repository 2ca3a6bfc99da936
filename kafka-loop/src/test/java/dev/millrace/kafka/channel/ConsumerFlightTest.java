package dev.millrace.kafka.channel;

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

/** Java Flight Recorder gets the commits, rebalances, settles and dead letters of a loop. */
class ConsumerFlightTest extends WithMockConsumer {

  private static List<RecordedEvent> events(RecordingStream jfr, String name) {
    List<RecordedEvent> events = new CopyOnWriteArrayList<>();
    jfr.onEvent("dev.millrace." + name, events::add);
    return events;
  }

  @Test
  void commitsRebalancesSettlesAndDeadLettersAreRecorded() throws Exception {
    try (var jfr = new RecordingStream()) {
      var commits = events(jfr, "Commit");
      var rebalances = events(jfr, "Rebalance");
      var letters = events(jfr, "DeadLetter");
      var settles = events(jfr, "Settle");
      jfr.enable("dev.millrace.Settle").with("throttle", "off"); // default: a sample
      jfr.startAsync();
      assign(2, P0);
      var loop =
          builder()
              .handler(
                  record -> {
                    if (record.offset() == 1) {
                      throw new IOException("poison");
                    }
                    Thread.sleep(20);
                  })
              .deadLetters(letter -> {})
              .build();
      var running = start(loop, Context.background());
      await().until(() -> committed(P0) == 2);
      loop.drain(Duration.ofSeconds(10));
      assertThat(running.get()).isEqualTo("ended");
      jfr.stop(); // waits for the events
      assertThat(commits)
          .isNotEmpty()
          .allMatch(event -> event.getString("group").equals("test"))
          .allMatch(event -> event.getString("failure") == null);
      assertThat(rebalances).anyMatch(event -> event.getString("claimed").equals("[orders-0]"));
      assertThat(settles)
          .hasSize(2)
          .allMatch(event -> event.getString("group").equals("test"))
          .allMatch(event -> event.getString("topic").equals("orders"))
          .allMatch(event -> event.getInt("partition") == 0)
          .anyMatch(event -> event.getDuration("took").toMillis() >= 20);
      assertThat(letters)
          .singleElement()
          .satisfies(
              event -> {
                assertThat(event.getString("topic")).isEqualTo("orders");
                assertThat(event.getLong("offset")).isEqualTo(1);
                assertThat(event.getString("reason")).isEqualTo("IOException");
              });
    }
  }
}
