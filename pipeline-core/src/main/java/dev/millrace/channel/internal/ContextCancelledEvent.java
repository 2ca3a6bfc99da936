package dev.millrace.channel.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A context is cancelled. The stack is that of the canceller. */
@Name("dev.millrace.ContextCancelled")
@Label("Context Cancelled")
@Category("Millrace")
@Description("A context was cancelled, or its deadline has passed")
final class ContextCancelledEvent extends Event {

  static final ContextCancelledEvent PROBE = new ContextCancelledEvent();

  @Label("Cause")
  @Nullable String cause;

  @Label("Message")
  @Nullable String message;
}
