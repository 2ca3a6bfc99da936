package dev.millrace.channel.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A function of a stage has thrown for an element. */
@Name("dev.millrace.StageFailure")
@Label("Stage Failure")
@Category("Millrace")
@Description("The function of a stage has thrown an exception for an element")
@StackTrace(false) // the exception has its own
final class StageFailureEvent extends Event {

  static final StageFailureEvent PROBE = new StageFailureEvent();

  @Label("Stage")
  @Nullable String stage;

  @Label("Cause")
  @Nullable String cause;

  @Label("Message")
  @Nullable String message;
}
