package dev.millrace.testkit.simulation;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The end of one run of a scenario.
 *
 * @param failure the exception of the scenario, or a {@link StuckException}; null if it passed
 * @param trace a hash of the order in which the threads ran: equal for equal schedules
 * @param steps how often a thread was chosen to run
 * @param events the number of decisions
 * @param took in virtual time
 */
record Outcome(
    @Nullable Throwable failure,
    long trace,
    int steps,
    int events,
    Duration took,
    Deviations deviations) {}
