package dev.millrace.testkit.chaos;

import dev.millrace.kafka.Ordering;
import java.time.Duration;

/**
 * The bounds that the oracle checks the workers against.
 *
 * @param guarantee the guarantee of the workers
 * @param ordering the records that are handled one after the other
 * @param concurrency the number of handlers of one worker that may run at once
 * @param heap the bytes that one worker may use
 * @param pollGap the longest time without a poll of a member
 * @param stall the longest time that a partition with lag may stand still
 * @param close the longest time from SIGTERM to the end of a worker's process
 * @param settling the time after a fault in which members may still be out of the group, or late
 * @param window the records of a partition that its next owner may process again, if no commit
 *     failed
 * @param windowPerSecond the additional records for each second in which commits failed
 */
record Bounds(
    Guarantee guarantee,
    Ordering ordering,
    int concurrency,
    long heap,
    Duration pollGap,
    Duration stall,
    Duration close,
    Duration settling,
    int window,
    int windowPerSecond) {}
