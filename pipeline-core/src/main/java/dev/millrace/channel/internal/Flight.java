package dev.millrace.channel.internal;

import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * The events of Java Flight Recorder. The module {@code jdk.jfr} is optional: without it, nothing
 * is recorded, and no class of it is loaded.
 *
 * <p>Thread-safe. If nothing is recorded, a call costs a few nanoseconds.
 */
public final class Flight {

  private static final boolean PRESENT =
      ModuleLayer.boot().findModule("jdk.jfr").isPresent() && isVisible();

  private Flight() {}

  /** False if this module does not read the module, because no other module has asked for it. */
  private static boolean isVisible() {
    try {
      Class.forName("jdk.jfr.Event", false, Flight.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /**
   * Whether the recorder is in use. Only then are the classes of the events loaded: the first of
   * them takes more than a hundred milliseconds to load.
   */
  private static boolean isInUse() {
    return PRESENT && FlightRecorder.isInitialized();
  }

  /** Whether waits on channels are recorded. */
  public static boolean recordsChannelWaits() {
    return isInUse() && ChannelWaitEvent.PROBE.isEnabled();
  }

  /** A wait on a channel begins. Returns its event; null if waits are not recorded. */
  public static @Nullable Object beginChannelWait() {
    if (!recordsChannelWaits()) {
      return null;
    }
    var event = new ChannelWaitEvent();
    event.begin();
    return event;
  }

  /** The wait has ended. Returns whether it was long enough to be recorded. */
  public static boolean endChannelWait(Object event) {
    var wait = (ChannelWaitEvent) event;
    wait.end();
    return wait.shouldCommit();
  }

  /** Records the wait. */
  public static void commitChannelWait(Object event, String operation) {
    var wait = (ChannelWaitEvent) event;
    wait.operation = operation;
    wait.commit();
  }

  /**
   * A wait of a stage begins. Returns the event of the wait; null if waits are not recorded.
   *
   * @param stage the name of the stage
   */
  public static @Nullable Object beginStageWait(String stage, boolean forRoom) {
    if (!isInUse() || !StageWaitEvent.PROBE.isEnabled()) {
      return null;
    }
    var event = new StageWaitEvent();
    event.stage = stage;
    event.waitsFor = forRoom ? "room" : "element";
    event.begin();
    return event;
  }

  /** The wait has ended. */
  public static void endStageWait(Object event) {
    ((StageWaitEvent) event).commit();
  }

  /** A context is cancelled, and its descendants with it. */
  public static void cancelled(Throwable cause) {
    if (isInUse() && ContextCancelledEvent.PROBE.isEnabled()) {
      var event = new ContextCancelledEvent();
      event.cause = cause.getClass().getName();
      event.message = String.valueOf(cause.getMessage());
      event.commit();
    }
  }

  /** An element has failed. */
  public static void failure(String stage, Throwable cause) {
    if (isInUse() && StageFailureEvent.PROBE.isEnabled()) {
      var event = new StageFailureEvent();
      event.stage = stage;
      event.cause = cause.getClass().getName();
      event.message = String.valueOf(cause.getMessage());
      event.commit();
    }
  }
}
