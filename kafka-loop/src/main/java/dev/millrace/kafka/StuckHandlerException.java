package dev.millrace.kafka;

import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;

/**
 * A handler still runs although it was interrupted or cancelled, and the loop leaves its group
 * without it. Another member may receive the record while this handler still works on it.
 * Thread-safe.
 *
 * <p>The stack trace is the stack of the handler's thread: it shows the call that does not return.
 */
public final class StuckHandlerException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient TopicPartition partition;
  private final long offset;

  /**
   * A handler that still runs in this thread.
   *
   * @param partition the partition of the first record in the handler
   * @param offset the offset of that record
   */
  public StuckHandlerException(
      String group, TopicPartition partition, long offset, Thread handler) {
    this(group, partition, offset, handler.getName(), handler.getStackTrace());
  }

  private StuckHandlerException(
      String group,
      TopicPartition partition,
      long offset,
      String thread,
      StackTraceElement[] stack) {
    super(
        ("a handler of the group '%s' still runs although it was interrupted, and the loop ends"
                + " without it. It handles the record of %s at offset %d, which will be"
                + " redelivered, in the thread '%s', %s. Make the handler return when its thread is"
                + " interrupted")
            .formatted(group, partition, offset, thread, place(stack)),
        null,
        false,
        true);
    this.partition = partition;
    this.offset = offset;
    setStackTrace(stack);
  }

  /**
   * The innermost call outside of the JDK; calls of the JDK, such as of a lock, help people least.
   */
  private static String place(StackTraceElement[] stack) {
    return Stream.of(stack)
        .filter(frame -> !frame.getClassName().matches("(java|jdk|sun)\\..*"))
        .findFirst()
        .map(frame -> "at " + frame)
        .orElse(stack.length == 0 ? "which shows no call" : "at " + stack[0]);
  }

  /** The partition of the first record in the handler. */
  public TopicPartition partition() {
    return partition;
  }

  /** The offset of the first record in the handler. */
  public long offset() {
    return offset;
  }
}
