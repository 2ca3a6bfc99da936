package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Schedule;
import dev.millrace.channel.Select;
import dev.millrace.channel.Ticker;
import dev.millrace.channel.Timer;
import dev.millrace.context.Context;
import dev.millrace.sync.ChannelLock;
import dev.millrace.sync.Generator;
import dev.millrace.sync.Once;
import dev.millrace.sync.SingleFlight;
import dev.millrace.sync.WaitGroup;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs the snippets of the guide for Go programmers about waiting, tickers, and functions that run
 * once.
 */
@Timeout(30)
class HelpersFromGoTest {

  @Test
  void generator() {
    List<Integer> got = new ArrayList<>();
    // doc:begin
    try (var fibonacci =
        Generator.<Integer>open(
            Context.background(),
            out -> {
              for (int a = 0, b = 1, next; ; a = b, b = next) { // for { out <- a … }
                out.send(a);
                next = a + b;
              }
            })) {
      for (int number : fibonacci) {
        if (number > 20) {
          break; // the producer is stopped when the block is left
        }
        got.add(number);
      }
    }
    // doc:end
    assertThat(got).containsExactly(0, 1, 1, 2, 3, 5, 8, 13);
  }

  @Test
  void waitGroup() throws Exception {
    var sum = new AtomicInteger();
    // doc:begin
    var handlers = new WaitGroup();
    for (int i = 1; i <= 10; i++) {
      int n = i;
      handlers.go(() -> sum.addAndGet(n)); // wg.Go; what it throws is kept, with the stack
    }
    handlers.go(
        () -> {
          throw new IOException("disk full");
        });
    List<Throwable> failures = handlers.awaitFailures(); // wg.Wait()
    // doc:end
    assertThat(sum).hasValue(55);
    assertThat(failures)
        .singleElement()
        .extracting(Throwable::getCause)
        .hasToString("java.io.IOException: disk full");
  }

  @Test
  void timer() throws Exception {
    Channel<String> messages = Channel.buffered(1);
    List<String> seen = new ArrayList<>();
    // doc:begin
    try (var idle = Timer.after(Duration.ofMinutes(1))) { // time.NewTimer
      messages.send("hello");
      seen.add(messages.receive());
      idle.reset(Duration.ofMillis(5)); //                   no stale fire to drain, ever
      seen.add(idle.fired().receive() != null ? "idle" : ""); // <-idle.C
    }
    // doc:end
    assertThat(seen).containsExactly("hello", "idle");
  }

  @Test
  void ticker() throws Exception {
    List<Instant> ticks = new ArrayList<>();
    Channel<Boolean> quit = Channel.rendezvous();
    // doc:begin
    try (var ticker = Ticker.every(Duration.ofMillis(5))) { // defer ticker.Stop()
      var loop =
          new Select<Boolean>()
              .onReceive(ticker.ticks(), tick -> ticks.add(tick) && ticks.size() < 3)
              .onReceive(quit, none -> false, () -> false);
      while (loop.select()) {}
    }
    // doc:end
    assertThat(ticks).hasSize(3);
  }

  @Test
  void schedule() throws Exception {
    // doc:begin
    ZoneId berlin = ZoneId.of("Europe/Berlin");
    var tuesdays = Schedule.cron("0 14 * * TUE", berlin); // right across daylight saving
    Instant next = tuesdays.nextAfter(Instant.parse("2026-10-20T12:00:00Z"));

    var everyHour = Schedule.every(Instant.parse("2020-01-01T00:30:00Z"), Duration.ofHours(1));
    Instant aligned = everyHour.nextAfter(Instant.parse("2026-11-01T10:00:00Z"));
    // doc:end
    assertThat(next).isEqualTo("2026-10-27T13:00:00Z"); // winter time: 14:00 is 13:00 UTC
    assertThat(aligned).isEqualTo("2026-11-01T10:30:00Z");
  }

  @Test
  void scheduleTicks() throws Exception {
    List<Instant> runs = new ArrayList<>();
    // doc:begin
    try (var context = Context.background().withCancel()) {
      var soon = Schedule.every(Instant.now(), Duration.ofMillis(5));
      for (Instant due : soon.ticks(context)) { // closed when the context is done
        runs.add(due); // the time of the rule, however late the tick is seen
        if (runs.size() == 3) {
          break;
        }
      }
    }
    // doc:end
    assertThat(runs).hasSize(3).doesNotHaveDuplicates();
  }

  @Test
  void once() throws Exception {
    var tries = new AtomicInteger();
    // doc:begin
    var connection =
        new Once<String>(
            () -> {
              if (tries.incrementAndGet() == 1) {
                throw new IOException("refused"); // not remembered: the next get tries again
              }
              return "connected";
            });
    assertThatThrownBy(connection::get).isInstanceOf(ExecutionException.class);
    String value = connection.get(); // sync.OnceValue from here on: one volatile read
    // doc:end
    assertThat(value).isEqualTo("connected");
    assertThat(connection.get()).isEqualTo("connected");
    assertThat(tries).hasValue(2);
  }

  @Test
  void singleFlight() throws Exception {
    // doc:begin
    var flights = new SingleFlight<String, Integer>();
    SingleFlight.Result<Integer> result = flights.call("user-7", () -> load("user-7"));
    int length = result.value(); //        one execution serves all callers of that time
    boolean shared = result.shared(); //   whether somebody else got it too
    flights.forget("user-7"); //           the next call does not join one that is under way
    // doc:end
    assertThat(length).isEqualTo(6);
    assertThat(shared).isFalse();
  }

  private static int load(String user) {
    return user.length();
  }

  @Test
  void channelLock() throws Exception {
    List<String> seen = new ArrayList<>();
    // doc:begin
    var lock = new ChannelLock();
    try (var held = lock.lock()) { // unlocked when the block is left
      seen.add(held != null && lock.tryLock() ? "twice" : "once");
    }
    if (lock.tryLock(Duration.ofMillis(10))) { // gives up after that time
      lock.unlock(); // of an unlocked lock: an IllegalStateException
    }
    // doc:end
    assertThat(seen).containsExactly("once");
    assertThatThrownBy(lock::unlock).isInstanceOf(IllegalStateException.class);
  }
}
