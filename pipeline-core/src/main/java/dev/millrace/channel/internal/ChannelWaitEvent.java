package dev.millrace.channel.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;

/** A thread was parked in a channel operation. */
@Name("dev.millrace.ChannelWait")
@Label("Channel Wait")
@Category("Millrace")
@Description("A thread was parked in a channel operation")
@Threshold("10 ms")
final class ChannelWaitEvent extends Event {

  static final ChannelWaitEvent PROBE = new ChannelWaitEvent();

  @Label("Operation")
  @Nullable String operation;
}
