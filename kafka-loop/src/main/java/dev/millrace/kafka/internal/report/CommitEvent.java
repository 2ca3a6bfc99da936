package dev.millrace.kafka.internal.report;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** A commit of offsets has succeeded or failed. */
@Name("dev.millrace.Commit")
@Label("Kafka Commit")
@Category("Millrace")
@StackTrace(false)
final class CommitEvent extends Event {
  @Label("Group")
  @Nullable String group;

  @Label("Took")
  @Timespan(Timespan.NANOSECONDS)
  long took;

  @Label("Failure")
  @Nullable String failure;
}
