package dev.millrace.kafka;

import java.util.Objects;

/**
 * The health of a consumer, with its reason. Immutable and thread-safe.
 *
 * <p>For the probes of an orchestrator: {@link #isAlive} for liveness, {@link #isReady} for
 * readiness, {@link #isStarted} for start-up.
 *
 * @param state the state of the consumer
 * @param reason the reason for the state, on one line for people
 * @param isStarted whether the consumer has been in its group, with a topic to read
 */
public record Health(State state, String reason, boolean isStarted) {

  /** The states of a consumer. A restart can help only in the last two. */
  public enum State {
    /** The consumer has not been in its group yet. */
    STARTING,
    /** The consumer handles all records that arrive, or waits for records. */
    RUNNING,
    /** The consumer is slower than its topics: partitions are paused because they are full. */
    SLOW,
    /** The consumer works, but the lag of a partition is above the limit. */
    BEHIND,
    /**
     * The {@link LoopBreaker} is not closed: no record is handed out, until the system behind the
     * handlers is up again.
     */
    SUSPENDED,
    /** The consumer drains. It starts no new handlers, and waits for the running ones. */
    CLOSING,
    /** A part of the consumer has stood still for too long: the reason names it, and since when. */
    STUCK,
    /** The consumer has ended: the reason says why. */
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

  /**
   * Whether a probe should let the consumer live: it is neither {@link State#STUCK} nor {@link
   * State#STOPPED}.
   */
  public boolean isAlive() {
    return state != State.STUCK && state != State.STOPPED;
  }

  /** Whether the consumer handles records, and is not behind. */
  public boolean isReady() {
    return state == State.RUNNING || state == State.SLOW;
  }
}
