package dev.millrace.channel;

import dev.millrace.channel.internal.Flight;
import dev.millrace.clock.internal.Time;
import org.jspecify.annotations.Nullable;

/**
 * A thread that is parked in a channel operation, for the debug registry and for Java Flight
 * Recorder. It is made only if one of the two is switched on, and only by a thread that is about to
 * park.
 *
 * <p>Not thread-safe, but other threads may call {@link #operation} while the thread is parked.
 */
final class ChannelWait {

  /** A constant for the JIT compiler: without the property the registry costs nothing. */
  private static final boolean DEBUG = Boolean.getBoolean(ChannelDebug.PROPERTY);

  final Thread thread = Thread.currentThread();
  final long since = Time.nanoTime();
  private final @Nullable Channel<?> channel;
  private final boolean sends;
  private final @Nullable Selection selection;
  private @Nullable Object event;

  private ChannelWait(@Nullable Channel<?> channel, boolean sends, @Nullable Selection selection) {
    this.channel = channel;
    this.sends = sends;
    this.selection = selection;
  }

  /** Loads the classes that a parking thread needs: there, they could need too much stack. */
  static void link() {
    var _ = isWatched();
  }

  /** Whether a party wants to know of waits. */
  static boolean isWatched() {
    try {
      return DEBUG || Flight.recordsChannelWaits();
    } catch (LinkageError | VirtualMachineError e) { // no stack is left to load the event's class
      return false;
    }
  }

  /** The calling thread parks for one operation on a channel. */
  static @Nullable ChannelWait begin(Channel<?> channel, boolean sends) {
    return begin(channel, sends, null);
  }

  /** The calling thread parks for one of several operations. */
  static @Nullable ChannelWait begin(Selection selection) {
    return begin(null, false, selection);
  }

  /** Null if there is no memory or no stack left: an observed wait must not fail. */
  private static @Nullable ChannelWait begin(
      @Nullable Channel<?> channel, boolean sends, @Nullable Selection selection) {
    ChannelWait wait = null;
    try {
      wait = new ChannelWait(channel, sends, selection);
      wait.begin();
    } catch (Throwable e) {
      // the wait goes on unobserved, or without its event
    }
    return wait;
  }

  private void begin() {
    if (DEBUG) {
      ChannelDebug.add(this);
    }
    event = Flight.beginChannelWait();
  }

  /** The wait is over. Throws nothing: the operation may have taken an element. */
  void end() {
    try {
      if (DEBUG) {
        ChannelDebug.remove(this);
      }
      Object begun = event;
      if (begun != null && Flight.endChannelWait(begun)) {
        Flight.commitChannelWait(begun, operation());
      }
    } catch (Throwable e) {
      // no memory or no stack is left for the event; the operation itself has enough
    }
  }

  /** The operation, such as "receive from Channel[…]". */
  String operation() {
    Selection several = selection;
    return several == null ? operation(channel, sends) : several.operations();
  }

  static String operation(@Nullable Channel<?> channel, boolean sends) {
    return (sends ? "send to " : "receive from ") + channel;
  }
}
