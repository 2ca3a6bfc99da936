package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.Set;

/**
 * The bounds that the oracle checks the workers against.
 *
 * @param guarantee the guarantee of the workers
 * @param ordering the records that are handled one after the other
 * @param outputs the outputs of exactly-once workers that are in the order of their records
 * @param attempts the number of failed attempts after which a record becomes a dead letter
 * @param silent whether workers may report less: no assignments, or no starts of handlers
 * @param concurrency the number of handlers of one worker that may run at once
 * @param batch the number of records that one handler may get at once
 * @param heap the bytes that one worker may use
 * @param pollGap the longest time without a poll of a member
 * @param stall the longest time that a partition with lag may stand still
 * @param close the longest time from SIGTERM to the end of a worker's process
 * @param settling the time after a fault in which members may still be out of the group, or late
 * @param window the records of a partition that its next owner may process again, if no commit
 *     failed
 * @param windowPerSecond the additional records for each second in which commits failed
 * @param retries whether there is a retry topic: its records leave the order of their key
 * @param lettersInBackground whether the loop sends dead letters in the background: a record with
 *     no attempt left does not hold up the next record of its key
 * @param checked the invariants to check
 */
record Bounds(
    Guarantee guarantee,
    Ordering ordering,
    Ordering outputs,
    int attempts,
    boolean silent,
    int concurrency,
    int batch,
    long heap,
    Duration pollGap,
    Duration stall,
    Duration close,
    Duration settling,
    int window,
    int windowPerSecond,
    boolean retries,
    boolean lettersInBackground,
    Set<Invariant> checked) {}
