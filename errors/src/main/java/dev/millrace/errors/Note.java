package dev.millrace.errors;

import java.util.Objects;

/**
 * A remark on a failure, for example: where a task was forked, the record, the position of a
 * thread.
 *
 * <p>A note travels beside its exception: as one of the {@linkplain NotedException#notes() notes}
 * of a {@link NotedException}, or as a suppressed exception of another exception of the library. So
 * every logger prints it. A note is a throwable for that reason only; nothing throws it.
 *
 * <p>Immutable, and thread-safe. A note without a stack trace costs about 60 bytes. A note with a
 * stack trace costs about as much as an exception.
 */
public final class Note extends Throwable {

  private static final long serialVersionUID = 1L;

  private Note(String text, boolean withTrace) {
    super(Objects.requireNonNull(text, "text"), null, false, withTrace);
  }

  /** A note without a stack trace. */
  public static Note of(String text) {
    return new Note(text, false);
  }

  /** A note with the stack trace of this call. */
  public static Note here(String text) {
    return new Note(text, true);
  }

  /** A note with the stack trace of the thread, as it is now; empty if the thread is not alive. */
  public static Note at(Thread thread, String text) {
    var note = new Note(text, true);
    note.setStackTrace(thread.getStackTrace());
    return note;
  }
}
