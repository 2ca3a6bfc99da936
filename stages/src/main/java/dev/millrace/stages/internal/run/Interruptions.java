package dev.millrace.stages.internal.run;

import dev.millrace.errors.Causes;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CancellationException;

/** How functions answer an interrupt. */
public final class Interruptions {

  private Interruptions() {}

  /** Whether the exception, or one that it wraps, reports an interrupt or a cancellation. */
  public static boolean tell(Throwable e) {
    return Causes.find(e, Interruptions::isOne) != null;
  }

  private static boolean isOne(Throwable e) {
    return e instanceof InterruptedException
        || e instanceof CancellationException
        || e instanceof InterruptedIOException
        || e instanceof ClosedByInterruptException;
  }
}
