package dev.millrace.kafka.internal.report;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Throttle;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * A record is settled. A consumer settles far more records than a recording should keep, so the
 * recorder takes a sample; {@code throttle=off} records all of them.
 */
@Name("dev.millrace.Settle")
@Label("Kafka Settle")
@Category("Millrace")
@Description("A record was handled, or is safe in the dead letters; a sample of the records")
@Throttle("100/s")
@StackTrace(false)
final class SettleEvent extends Event {

  static final SettleEvent PROBE = new SettleEvent();

  @Label("Group")
  @Nullable String group;

  @Label("Topic")
  @Nullable String topic;

  @Label("Partition")
  int partition;

  @Label("Took")
  @Description("The time since the record was polled")
  @Timespan(Timespan.NANOSECONDS)
  long took;
}
