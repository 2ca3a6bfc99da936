package dev.millrace.kafka;

import java.util.Objects;

/**
 * How a consumer is doing, and why. Immutable.
 *
 * <p>For the probes of an orchestrator: {@link #isAlive} for liveness, {@link #isReady} for
 * readiness, {@link #isStarted} for start-up.
 *
 * @param state which state it is in
 * @param reason why, on one line for people
 * @param isStarted whether it has been in its group, with a topic to read
 */
public record Health(State state, String reason, boolean isStarted) {

  /** From what a restart does not help with to what it may. */
  public enum State {
    /** It has not been in its group yet. */
    STARTING,
    /** It handles what comes, or waits for it. */
    RUNNING,
    /** It handles, but less than comes: partitions are paused because they are full. */
    SLOW,
    /** It handles, but the lag of a partition is above the limit that was set. */
    BEHIND,
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

  /** The health of a consumer that has started, unless it is {@link State#STARTING}. */
  public Health(State state, String reason) {
    this(state, reason, state != State.STARTING);
  }

  /** Whether a probe should let it live: it is neither {@link State#STUCK} nor stopped. */
  public boolean isAlive() {
    return state != State.STUCK && state != State.STOPPED;
  }

  /** Whether it handles what comes, and is not behind. */
  public boolean isReady() {
    return state == State.RUNNING || state == State.SLOW;
  }
}
