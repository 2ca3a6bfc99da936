package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Berlin is put forward from 02:00 to 03:00 on 29 March 2026, and back from 03:00 on 25 October.
 */
class CronScheduleTest {

  private static final String BERLIN = "Europe/Berlin";

  private static List<String> due(String expression, String zone, String from, int count) {
    var schedule = Schedule.cron(expression, ZoneId.of(zone));
    List<String> due = new ArrayList<>();
    Instant instant = LocalDateTime.parse(from).atZone(ZoneId.of(zone)).toInstant();
    for (int i = 0; i < count; i++) {
      instant = Objects.requireNonNull(schedule.nextAfter(instant));
      ZonedDateTime time = instant.atZone(ZoneId.of(zone));
      due.add(time.toLocalDateTime() + " " + time.getOffset());
    }
    return due;
  }

  @Test
  void tuesdaysAtTwoStayAtTwoOnTheWallClock() {
    assertThat(due("0 14 * * TUE", "America/New_York", "2026-03-01T00:00", 3))
        .containsExactly(
            "2026-03-03T14:00 -05:00", "2026-03-10T14:00 -04:00", "2026-03-17T14:00 -04:00");
    assertThat(due("0 14 * * 2", BERLIN, "2026-10-20T14:00", 2))
        .containsExactly("2026-10-27T14:00 +01:00", "2026-11-03T14:00 +01:00");
  }

  @Test
  void timeThatDoesNotExistIsDueAsMuchLater() {
    assertThat(due("30 2 * * *", BERLIN, "2026-03-28T02:00", 3))
        .containsExactly(
            "2026-03-28T02:30 +01:00", "2026-03-29T03:30 +02:00", "2026-03-30T02:30 +02:00");
    // Midnight does not exist.
    assertThat(due("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00", 2))
        .containsExactly("2018-11-04T01:00 -02:00", "2018-11-05T00:00 -02:00");
    // A gap of half an hour, and a time after it that exists.
    assertThat(due("15,40 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00", 3))
        .containsExactly(
            "2026-10-04T02:40 +11:00", "2026-10-04T02:45 +11:00", "2026-10-05T02:15 +11:00");
    // A day that does not exist.
    assertThat(due("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00", 2))
        .containsExactly("2011-12-31T12:00 +14:00", "2012-12-30T12:00 +14:00");
  }

  @Test
  void movedTimeThatMeetsAnotherIsDueOnce() {
    assertThat(due("30 2,3 * * *", BERLIN, "2026-03-29T00:00", 2))
        .containsExactly("2026-03-29T03:30 +02:00", "2026-03-30T02:30 +02:00");
  }

  @Test
  void timeThatExistsTwiceIsDueTheFirstTime() {
    assertThat(due("30 2 * * *", BERLIN, "2026-10-24T12:00", 2))
        .containsExactly("2026-10-25T02:30 +02:00", "2026-10-26T02:30 +01:00");
    assertThat(due("*/20 2 * * *", BERLIN, "2026-10-25T00:00", 4))
        .containsExactly(
            "2026-10-25T02:00 +02:00",
            "2026-10-25T02:20 +02:00",
            "2026-10-25T02:40 +02:00",
            "2026-10-26T02:00 +01:00");
  }

  /**
   * A question in the second of the two hours, or shortly after the first time, does not give the
   * same local time again.
   */
  @ParameterizedTest
  @CsvSource({
    "00:30:00",
    "00:30:00.000001",
    "00:40:00",
    "01:00:00",
    "01:10:00",
    "01:30:00",
    "01:59:59"
  })
  void timeThatExistsTwiceIsDueOnceWheneverOneAsks(String time) {
    var schedule = Schedule.cron("30 2 * * *", ZoneId.of(BERLIN));
    assertThat(schedule.nextAfter(Instant.parse("2026-10-25T" + time + "Z")))
        .isEqualTo("2026-10-26T01:30:00Z");
  }

  @Test
  void everyHourGoesByTheMinutesThatPass() {
    assertThat(due("15 * * * *", BERLIN, "2026-03-29T00:30", 3))
        .containsExactly(
            "2026-03-29T01:15 +01:00", "2026-03-29T03:15 +02:00", "2026-03-29T04:15 +02:00");
    assertThat(due("*/30 * * * *", BERLIN, "2026-10-25T01:40", 5))
        .containsExactly(
            "2026-10-25T02:00 +02:00",
            "2026-10-25T02:30 +02:00",
            "2026-10-25T02:00 +01:00",
            "2026-10-25T02:30 +01:00",
            "2026-10-25T03:00 +01:00");
  }

  @Test
  void daysAreAsUnixHasThem() {
    assertThat(due("0 0 29 2 *", "UTC", "2026-01-01T00:00", 2))
        .containsExactly("2028-02-29T00:00 Z", "2032-02-29T00:00 Z");
    assertThat(due("0 9 * * 7", "UTC", "2026-01-01T00:00", 1))
        .containsExactly("2026-01-04T09:00 Z");
    assertThat(due("0 9 13 * FRI", "UTC", "2026-04-04T00:00", 3))
        .as("either of both days")
        .containsExactly("2026-04-10T09:00 Z", "2026-04-13T09:00 Z", "2026-04-17T09:00 Z");
  }

  @Test
  void badExpressionsAreRefusedAtOnce() {
    var utc = ZoneId.of("UTC");
    assertThatThrownBy(() -> Schedule.cron("0 14 * *", utc))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"0 14 * *\"")
        .hasMessageContaining("minute, hour, day of the month, month, day of the week");
    assertThatThrownBy(() -> Schedule.cron("0 25 * * *", utc))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Schedule.cron("", utc)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Schedule.cron("0 0 31 2 *", utc))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("never due");
  }

  /**
   * Compares with a plain model that checks every minute of ten days around a change: the local
   * times, mapped to instants as java.time does, and sorted.
   */
  @ParameterizedTest
  @CsvSource({
    "Europe/Berlin, 2026-03-26",
    "Europe/Berlin, 2026-10-22",
    "America/Sao_Paulo, 2018-11-01",
    "America/Sao_Paulo, 2018-02-15",
    "Australia/Lord_Howe, 2026-10-01",
    "Australia/Lord_Howe, 2026-04-02",
    "Pacific/Apia, 2011-12-27",
    "Africa/Casablanca, 2026-02-13"
  })
  void agreesWithAMinuteByMinuteModelAroundAChange(ZoneId zone, LocalDate day) {
    long seed = System.nanoTime();
    var random = new Random(seed);
    LocalDateTime start = day.atStartOfDay();
    Instant end = start.plusDays(7).atZone(zone).toInstant();
    for (int turn = 0; turn < 6; turn++) {
      Set<Integer> minutes = Set.copyOf(List.of(random.nextInt(30), 30 + random.nextInt(30)));
      Set<Integer> hours = Set.copyOf(List.of(random.nextInt(2), 2 + random.nextInt(2)));
      var model = new TreeSet<Instant>();
      LocalDateTime last = start.plusDays(9);
      for (LocalDateTime t = start.minusDays(2); t.isBefore(last); t = t.plusMinutes(1)) {
        if (minutes.contains(t.getMinute()) && hours.contains(t.getHour())) {
          model.add(ZonedDateTime.of(t, zone).toInstant());
        }
      }
      String expression = "%s %s * * *".formatted(list(minutes), list(hours));
      var schedule = Schedule.cron(expression, zone);
      for (Instant from = start.atZone(zone).toInstant();
          from.isBefore(end);
          from = from.plusSeconds(1 + random.nextInt(10_000))) {
        assertThat(schedule.nextAfter(from))
            .as("%s in %s after %s, seed %d", expression, zone, from, seed)
            .isEqualTo(model.higher(from));
      }
    }
  }

  private static String list(Set<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  @Test
  void extremeInstantsAreAnswered() {
    for (String expression : List.of("0 0 * * *", "30 * * * *")) {
      Schedule schedule = Schedule.cron(expression, ZoneId.of("Europe/Berlin"));
      assertThat(schedule.nextAfter(Instant.MAX)).isNull();
      assertThat(schedule.nextAfter(Instant.MIN)).isAfter(Instant.MIN);
      assertThat(schedule.nextAfter(Instant.parse("9998-12-31T12:00:00Z"))).isNotNull();
    }
  }
}
