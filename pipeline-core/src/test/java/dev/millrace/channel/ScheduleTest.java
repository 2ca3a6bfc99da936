package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  /** A clock that is set by hand, and counts how often it was read. */
  private static final class ManualClock implements InstantSource {
    private final AtomicInteger looks = new AtomicInteger();
    private volatile Instant now = NOON;

    @Override
    public Instant instant() {
      looks.incrementAndGet();
      return now;
    }

    void set(String time) {
      now = Instant.parse("2026-01-" + time + ":00Z");
    }

    /** Waits until the schedule has handled all times that are due. */
    void awaitLooks() {
      int before = looks.get();
      await().until(() -> looks.get() >= before + 3);
    }
  }

  private final Threads threads = new Threads();
  private final ManualClock clock = new ManualClock();
  private final CancellableContext context = Context.background().withCancel();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    context.cancel();
    threads.close();
  }

  private ReceiveChannel<Instant> hourly() {
    return Schedule.every(NOON.minus(Duration.ofDays(9)), HOUR).ticks(context, clock);
  }

  private static Instant at(String time) {
    return Instant.parse("2026-01-" + time + ":00Z");
  }

  @Test
  void startOfLongAgoIsAlignedForward() {
    var schedule = Schedule.every(Instant.parse("2019-09-17T14:00:00Z"), Duration.ofDays(7));
    assertThat(schedule.nextAfter(NOON)).isEqualTo("2026-01-06T14:00:00Z");
    assertThat(schedule.nextAfter(Instant.parse("2026-01-06T14:00:00Z")))
        .isEqualTo("2026-01-13T14:00:00Z");
    assertThat(schedule.nextAfter(Instant.parse("2026-01-06T13:59:59.999999999Z")))
        .isEqualTo("2026-01-06T14:00:00Z");
  }

  @Test
  void startInTheFutureIsTheFirst() {
    var schedule = Schedule.every(NOON, Duration.ofMinutes(10));
    assertThat(schedule.nextAfter(NOON.minusNanos(1))).isEqualTo(NOON);
    assertThat(schedule.nextAfter(Instant.EPOCH)).isEqualTo(NOON);
    assertThat(schedule.nextAfter(NOON)).isEqualTo("2026-01-01T12:10:00Z");
  }

  @Test
  void nextIsTheFirstMultipleOfThePeriodToCome() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      Instant start = Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000));
      Duration period = Duration.ofNanos(1 + random.nextLong(Duration.ofDays(20).toNanos()));
      Instant from = start.plusSeconds(random.nextInt(1_000_000_000)).plusNanos(random.nextInt(9));
      Instant next = Objects.requireNonNull(Schedule.every(start, period).nextAfter(from));
      assertThat(next).as("seed %d", seed).isAfter(from).isBeforeOrEqualTo(from.plus(period));
      Duration distance = Duration.between(start, next);
      assertThat(period.multipliedBy(distance.dividedBy(period)))
          .as("seed %d", seed)
          .isEqualTo(distance);
    }
  }

  @Test
  void periodMustBePositive() {
    assertThatThrownBy(() -> Schedule.every(NOON, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT0S");
  }

  @Test
  void ticksComeAtTheTimesOfTheRule() throws Exception {
    var ticks = hourly();
    assertThat(ticks.tryReceive()).isNull();
    for (int hour = 13; hour < 18; hour++) {
      clock.set("01T" + hour + ":00");
      assertThat(ticks.receive()).isEqualTo(at("01T" + hour + ":00"));
    }
  }

  @Test
  void ticksByTheSystemClockAreNeverEarly() throws Exception {
    var ticks = Schedule.every(Instant.EPOCH, Duration.ofMillis(20)).ticks(context);
    List<Instant> due = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      due.add(ticks.receive());
      assertThat(Instant.now()).isAfterOrEqualTo(due.getLast());
      assertThat(due.getLast().toEpochMilli() % 20).isZero();
    }
    assertThat(due).isSorted().doesNotHaveDuplicates();
  }

  /** The receiver comes late, and late again: the times are still the times of the rule. */
  @Test
  void lateReceiversDoNotMakeItDrift() throws Exception {
    var ticks = hourly();
    clock.set("01T13:25");
    assertThat(ticks.receive()).isEqualTo(at("01T13:00"));
    clock.set("01T14:59");
    assertThat(ticks.receive()).isEqualTo(at("01T14:00"));
    clock.set("01T15:00");
    assertThat(ticks.receive()).isEqualTo(at("01T15:00"));
  }

  @Test
  void slowReceiverFindsOneTickAndTheRestAreDropped() throws Exception {
    var ticks = hourly();
    for (int hour = 13; hour < 18; hour++) {
      clock.set("01T" + hour + ":00");
      clock.awaitLooks();
    }
    assertThat(ticks.receive()).isEqualTo(at("01T13:00"));
    assertThat(ticks.tryReceive()).isNull();
    clock.set("01T18:00");
    assertThat(ticks.receive()).isEqualTo(at("01T18:00"));
  }

  @Test
  void whatTheClockJumpsOverIsDueOnce() throws Exception {
    var ticks = hourly();
    clock.set("03T09:30");
    assertThat(ticks.receive()).isEqualTo(at("01T13:00"));
    clock.awaitLooks();
    assertThat(ticks.tryReceive()).isNull();
    clock.set("03T10:00");
    assertThat(ticks.receive()).isEqualTo(at("03T10:00"));
  }

  @Test
  void nothingIsDueTwiceWhenTheClockIsSetBackALittle() throws Exception {
    var ticks = hourly();
    clock.set("01T13:05");
    assertThat(ticks.receive()).isEqualTo(at("01T13:00"));
    for (String time : List.of("01T12:55", "01T13:00", "01T11:00", "01T12:00", "01T13:59")) {
      clock.set(time);
      clock.awaitLooks();
      assertThat(ticks.tryReceive()).as(time).isNull();
    }
    clock.set("01T14:00");
    assertThat(ticks.receive()).isEqualTo(at("01T14:00"));
  }

  @Test
  void clockThatWasWrongByDaysIsFollowedFromItsNewTime() throws Exception {
    clock.set("20T12:00");
    var ticks = hourly();
    clock.set("01T12:10");
    clock.awaitLooks();
    assertThat(ticks.tryReceive()).isNull();
    clock.set("01T13:00");
    assertThat(ticks.receive()).isEqualTo(at("01T13:00"));
  }

  @Test
  void correctionInSmallStepsIsACorrectionAsWell() throws Exception {
    var ticks = hourly();
    clock.set("01T20:05");
    assertThat(ticks.receive()).isEqualTo(at("01T13:00"));
    for (String time : List.of("01T18:05", "01T16:05")) {
      clock.set(time);
      clock.awaitLooks();
    }
    clock.set("01T17:00");
    assertThat(ticks.receive()).isEqualTo(at("01T17:00"));
  }

  @Test
  void cancellationClosesTheChannel() throws Exception {
    var ticks = hourly();
    var loop =
        threads.start(
            () -> {
              int count = 0;
              for (Instant due : ticks) {
                count += due.isAfter(NOON) ? 1 : 0;
                context.cancel();
              }
              return count;
            });
    clock.set("01T13:00");
    assertThat(loop.get()).isEqualTo(1);
    assertThat(ticks.closeCause()).isNull();
  }

  @Test
  void channelIsClosedWhenNothingWillBeDueAnyMore() throws Exception {
    Schedule once = after -> after.isBefore(NOON.plus(HOUR)) ? NOON.plus(HOUR) : null;
    var ticks = once.ticks(context, clock);
    clock.set("01T13:00");
    assertThat(ticks.receiveOrNull()).isEqualTo(NOON.plus(HOUR));
    assertThat(ticks.receiveOrNull()).isNull();
  }

  @Test
  void whatARuleThrowsIsTheCauseOfTheClose() {
    Schedule broken =
        after -> {
          throw new UnsupportedOperationException("broken");
        };
    assertThatThrownBy(() -> broken.ticks(context, clock).receive())
        .isInstanceOf(ChannelClosedException.class)
        .hasRootCauseMessage("broken");
    Schedule standing = after -> after;
    assertThatThrownBy(() -> standing.ticks(context, clock).receive())
        .isInstanceOf(ChannelClosedException.class)
        .rootCause()
        .hasMessageContaining("comes after");
  }

  @Test
  void waitEndsWhenTheClockSaysSoHoweverItGotThere() throws Exception {
    var waiter =
        threads.start(
            () -> {
              Schedule.awaitUntil(at("20T00:00"), context, clock);
              return clock.now;
            });
    clock.awaitLooks();
    clock.set("01T00:00");
    clock.awaitLooks();
    assertThat(waiter.result().isDone()).isFalse();
    clock.set("20T00:01");
    assertThat(waiter.get()).isEqualTo(at("20T00:01"));
    Schedule.awaitUntil(Instant.MIN, context);
  }

  @Test
  void waitIsEndedByCancellationAndInterrupt() throws Exception {
    var interrupted =
        threads.start(
            () -> {
              Schedule.awaitUntil(Instant.MAX, Context.background());
              return null;
            });
    await().until(() -> interrupted.thread().getState() == Thread.State.TIMED_WAITING);
    interrupted.thread().interrupt();
    assertThatThrownBy(interrupted::get).hasCauseInstanceOf(InterruptedException.class);
    var cancelled =
        threads.start(
            () -> {
              Schedule.awaitUntil(Instant.MAX, context);
              return null;
            });
    await().until(() -> cancelled.thread().getState() == Thread.State.TIMED_WAITING);
    context.cancel();
    assertThatThrownBy(cancelled::get).hasCauseInstanceOf(CancellationException.class);
    assertThatThrownBy(() -> Schedule.awaitUntil(Instant.MIN, context))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void waitIsNeverEarly() throws Exception {
    for (int i = 0; i < 20; i++) {
      Instant instant = Instant.now().plusNanos(i * 700_000L);
      Schedule.awaitUntil(instant, context);
      assertThat(Instant.now()).isAfterOrEqualTo(instant);
    }
  }

  /** No DateTimeException, and no overflow. */
  @Test
  void extremePeriodsAndInstantsAreAnswered() {
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
    Duration second = Duration.ofSeconds(1);
    assertThat(Schedule.every(Instant.EPOCH, longest).nextAfter(Instant.EPOCH)).isNull();
    assertThat(Schedule.every(Instant.EPOCH, second).nextAfter(Instant.MAX)).isNull();
    assertThat(Schedule.every(Instant.MAX, second).nextAfter(Instant.MAX)).isNull();
    assertThat(Schedule.every(Instant.MAX, second).nextAfter(Instant.MIN)).isEqualTo(Instant.MAX);
    assertThat(Schedule.every(Instant.MIN, Duration.ofNanos(1)).nextAfter(Instant.EPOCH))
        .isEqualTo(Instant.EPOCH.plusNanos(1));
    assertThat(Schedule.every(Instant.MIN, longest).nextAfter(Instant.MIN)).isNull();
  }
}
