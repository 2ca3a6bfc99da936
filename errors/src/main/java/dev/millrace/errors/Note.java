package dev.millrace.errors;

import java.util.Objects;

/**
 * A remark on a failure: where a task was forked, which record was handled, where a thread stands.
 *
 * <p>A note travels beside the exception that it is about, as one of the {@linkplain
 * NotedException#notes() notes} of a {@link NotedException} or suppressed in another exception of
 * the library, so that every logger prints it. It is a throwable for that reason only; nothing
 * throws it.
 *
 * <p>Immutable, and thread-safe. A note without a stack trace costs some 60 bytes, one with a stack
 * trace about as much as an exception.
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
