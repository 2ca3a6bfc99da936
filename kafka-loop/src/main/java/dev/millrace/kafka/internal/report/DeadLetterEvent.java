package dev.millrace.kafka.internal.report;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A record is safe in the dead letters. */
@Name("dev.millrace.DeadLetter")
@Label("Kafka Dead Letter")
@Category("Millrace")
@StackTrace(false)
final class DeadLetterEvent extends Event {
  @Label("Topic")
  @Nullable String topic;

  @Label("Partition")
  int partition;

  @Label("Offset")
  long offset;

  @Label("Reason")
  @Nullable String reason;
}
