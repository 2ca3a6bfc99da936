package dev.millrace.kafka.internal.report;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** The log of a partition is not the one that was consumed before. */
@Name("dev.millrace.NewHistory")
@Label("Kafka New History")
@Category("Millrace")
@StackTrace(false)
final class NewHistoryEvent extends Event {
  @Label("Group")
  @Nullable String group;

  @Label("History")
  @Nullable String history;
}
