package dev.millrace.channel.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;

/** A stage of a run has waited for an element, or for room in the next stage. */
@Name("dev.millrace.StageWait")
@Label("Stage Wait")
@Category("Millrace")
@Description("A stage waited for an element, or for room in the next stage")
@Threshold("10 ms")
@StackTrace(false) // it would show the engine only
final class StageWaitEvent extends Event {

  static final StageWaitEvent PROBE = new StageWaitEvent();

  @Label("Stage")
  @Nullable String stage;

  @Label("Waits For")
  @Nullable String waitsFor;
}
