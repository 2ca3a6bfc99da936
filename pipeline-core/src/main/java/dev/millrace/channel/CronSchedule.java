package dev.millrace.channel;

import com.cronutils.model.Cron;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.field.CronFieldName;
import com.cronutils.model.field.expression.Always;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cron expression in the local time of a zone.
 *
 * <p>The library parses the expression and finds the matching local times; it is asked as if the
 * zone were UTC. This class decides about these times when the clock is put forward or back. If the
 * library were asked with the zone, it would leave out a day whose time does not exist. A time that
 * exists twice would come once or twice, depending on the time of the question.
 *
 * <p>Both forms below are pure functions of the instant, so it does not matter when, or how often,
 * they are asked.
 */
final class CronSchedule implements Schedule {

  // There are more instants than local times, and the library counts days in an int.
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-01-01T00:00:00Z");

  private final String expression;
  private final ZoneId zone;
  private final ZoneRules rules;
  private final ExecutionTime times;
  private final boolean everyHour;

  private CronSchedule(String expression, ZoneId zone, Cron cron) {
    this.expression = expression;
    this.zone = zone;
    this.rules = zone.getRules();
    this.times = ExecutionTime.forCron(cron);
    var hour = Objects.requireNonNull(cron.retrieveFieldsAsMap().get(CronFieldName.HOUR));
    this.everyHour = hour.getExpression() instanceof Always;
  }

  static CronSchedule parse(String expression, ZoneId zone) {
    var parser = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
    Cron cron;
    try {
      cron = parser.parse(expression);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the cron expression \"%s\" is not valid: %s. It needs five fields: minute, hour, day of the month, month, day of the week"
              .formatted(expression, e.getMessage()),
          e);
    }
    var schedule = new CronSchedule(expression, zone, cron);
    if (schedule.nextAfter(Instant.EPOCH) == null) {
      throw new IllegalArgumentException(
          "the cron expression \"" + expression + "\" is valid, but never due");
    }
    return schedule;
  }

  @Override
  public @Nullable Instant nextAfter(Instant after) {
    if (after.isAfter(LAST)) {
      return null;
    }
    Instant instant = after.isBefore(FIRST) ? FIRST : after;
    return everyHour ? nextByMinutes(instant) : nextByDays(instant);
  }

  /** The next one where the clock is followed as it goes, piece by piece between its changes. */
  private @Nullable Instant nextByMinutes(Instant instant) {
    ZoneOffset offset = rules.getOffset(instant);
    LocalDateTime from = LocalDateTime.ofInstant(instant, offset);
    Instant at = instant;
    while (true) {
      LocalDateTime local = next(from);
      if (local == null) {
        return null;
      }
      Instant found = local.toInstant(offset);
      ZoneOffsetTransition change = rules.nextTransition(at);
      if (change == null || found.isBefore(change.getInstant())) {
        return found;
      }
      at = change.getInstant();
      offset = change.getOffsetAfter();
      from = change.getDateTimeAfter().minusSeconds(1);
    }
  }

  /** The next one where each local time is due once: as it is, or moved out of a gap. */
  private @Nullable Instant nextByDays(Instant instant) {
    Instant regular = nextRegular(instant);
    if (regular == null) {
      return null;
    }
    // The gap whose moved times may be still to come began before, the others after.
    ZoneOffsetTransition change = rules.previousTransition(instant.plusNanos(1));
    if (change == null) {
      change = rules.nextTransition(instant);
    }
    for (; change != null && change.getInstant().isBefore(regular); ) {
      Instant moved = nextMoved(instant, change);
      if (moved != null) {
        return moved.isBefore(regular) ? moved : regular;
      }
      change = rules.nextTransition(change.getInstant());
    }
    return regular;
  }

  /** The next one at a time that exists; at the first of two that are called the same. */
  private @Nullable Instant nextRegular(Instant instant) {
    LocalDateTime local = LocalDateTime.ofInstant(instant, rules.getOffset(instant));
    while ((local = next(local)) != null) {
      if (!rules.getValidOffsets(local).isEmpty()) {
        Instant found = ZonedDateTime.of(local, zone).withEarlierOffsetAtOverlap().toInstant();
        if (found.isAfter(instant)) {
          return found;
        }
      }
    }
    return null;
  }

  /** The next one after the instant that is moved out of this gap; null if there is none. */
  private @Nullable Instant nextMoved(Instant instant, ZoneOffsetTransition gap) {
    if (!gap.isGap()) {
      return null;
    }
    LocalDateTime start = gap.getDateTimeBefore();
    LocalDateTime from =
        instant.isBefore(gap.getInstant())
            ? start.minusSeconds(1)
            : start.plus(Duration.between(gap.getInstant(), instant));
    LocalDateTime local = next(from);
    return local == null || !local.isBefore(gap.getDateTimeAfter())
        ? null
        : local.toInstant(gap.getOffsetBefore());
  }

  /** The next local time that the expression matches, regardless of any zone. */
  private @Nullable LocalDateTime next(LocalDateTime after) {
    return times
        .nextExecution(after.atZone(ZoneOffset.UTC))
        .map(ZonedDateTime::toLocalDateTime)
        .orElse(null);
  }

  @Override
  public String toString() {
    return "cron \"" + expression + "\" in " + zone;
  }
}
