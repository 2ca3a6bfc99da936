package dev.millrace.kafka;

import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;

/**
 * A handler goes on although it was interrupted or cancelled, and the loop leaves its group without
 * it: another member gets the record again while the handler may still be at work.
 *
 * <p>The stack trace is that of the handler's thread: it shows the call that does not return.
 */
public final class StuckHandlerException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient TopicPartition partition;
  private final long offset;

  /**
   * A handler that has been seen in that thread.
   *
   * @param partition of the first record that the handler is at work with
   * @param offset of that record
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
        ("a handler of the group '%s' goes on although it was interrupted, and the loop ends"
                + " without it: it handles the record of %s at offset %d, which comes again, in the"
                + " thread '%s', %s; make it end when its thread is interrupted")
            .formatted(group, partition, offset, thread, place(stack)),
        null,
        false,
        true);
    this.partition = partition;
    this.offset = offset;
    setStackTrace(stack);
  }

  /** The innermost call that is not one of the JDK or of a lock, which tells people the least. */
  private static String place(StackTraceElement[] stack) {
    return Stream.of(stack)
        .filter(frame -> !frame.getClassName().matches("(java|jdk|sun)\\..*"))
        .findFirst()
        .map(frame -> "at " + frame)
        .orElse(stack.length == 0 ? "which shows no call" : "at " + stack[0]);
  }

  /** The partition of the first record that the handler is at work with. */
  public TopicPartition partition() {
    return partition;
  }

  /** The offset of the first record that the handler is at work with. */
  public long offset() {
    return offset;
  }
}
