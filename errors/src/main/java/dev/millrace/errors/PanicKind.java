package dev.millrace.errors;

/**
 * The state of the program after a throwable: Java's answer to the question which failures are
 * panics.
 *
 * <p>An {@link Exception} is the failure of one call. An {@link Error} is a panic; the kinds say
 * which state can still be trusted after it. A policy that recovers from panics should name the
 * kinds, see {@code dev.millrace.pipeline.Recovery}.
 */
public enum PanicKind {

  /** No panic: the failure of one call, which its caller handles. */
  EXCEPTION,

  /**
   * An {@link AssertionError}, or an {@code Error} of a library: a bug that one call has met. The
   * other calls can go on if they share no state with it.
   */
  ASSERTION,

  /**
   * A {@link StackOverflowError}: one call has recursed too deeply, for example through a deeply
   * nested document. Its stack is free again, but a lock or an invariant of the code that
   * overflowed may be broken.
   */
  STACK_OVERFLOW,

  /** A {@link LinkageError}: a class is missing or broken. Every call that needs it will fail. */
  LINKAGE,

  /** An {@link OutOfMemoryError}: any thread may meet the next one. End the process. */
  OUT_OF_MEMORY,

  /** An error of the JVM itself, such as an {@link InternalError}. End the process. */
  VIRTUAL_MACHINE;

  /** The kind of a throwable, by its type; causes are not looked at. */
  public static PanicKind of(Throwable thrown) {
    return switch (thrown) {
      case OutOfMemoryError e -> OUT_OF_MEMORY;
      case StackOverflowError e -> STACK_OVERFLOW;
      case VirtualMachineError e -> VIRTUAL_MACHINE;
      case LinkageError e -> LINKAGE;
      case Error e -> ASSERTION;
      default -> EXCEPTION;
    };
  }

  /** Whether the process should end: nothing that goes on can be trusted. */
  public boolean isFatal() {
    return this == OUT_OF_MEMORY || this == VIRTUAL_MACHINE;
  }
}
