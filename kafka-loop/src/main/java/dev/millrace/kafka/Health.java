package dev.millrace.kafka;

import java.util.Objects;

/**
 * How a consumer is doing at one moment, and why. Immutable.
 *
 * @param state what a probe decides by
 * @param reason one line for people
 */
public record Health(State state, String reason) {

  /** From what a restart does not help with to what it may. */
  public enum State {
    /** It has not been in its group yet. */
    STARTING,
    /** It handles what comes, or waits for it. */
    RUNNING,
    /** It handles, but less than comes: partitions are paused because they are full. */
    SLOW,
    /** Something does not go on for longer than it may: the reason says what, and since when. */
    STUCK,
    /** It has ended: the reason says why. */
    STOPPED
  }

  /** Checks the parts. */
  public Health {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(reason, "reason");
  }

  /** Whether a probe should let it live: it is neither {@link State#STUCK} nor stopped. */
  public boolean isAlive() {
    return state != State.STUCK && state != State.STOPPED;
  }
}
