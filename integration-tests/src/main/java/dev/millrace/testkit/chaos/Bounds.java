package dev.millrace.testkit.chaos;

import dev.millrace.kafka.Ordering;
import java.time.Duration;

/**
 * The bounds that the oracle checks the workers against.
 *
 * @param guarantee the guarantee of the workers
 * @param ordering which records wait for which
 * @param concurrency how many handlers of one worker may run
 * @param heap bytes that one worker may use
 * @param pollGap how long a member may go without polling
 * @param stall how long a partition with lag may stand still
 * @param close from when a worker is asked to end until its process has ended
 * @param settling how long after a fault members may still be shut out of the group, or late
 * @param window how many records of a partition may be processed again by its next owner, if no
 *     commit failed
 * @param windowPerSecond how many more for each second in which commits failed
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
