package dev.millrace.stages.internal.run;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where in the code of the user a thread is. */
public final class Stacks {

  /** Prefixes of classes that do not belong to the user. */
  private static final List<String> OURS =
      List.of(
          "java.",
          "jdk.",
          "sun.",
          "reactor.core.",
          "org.reactivestreams.",
          "dev.millrace.channel.",
          "dev.millrace.context.",
          "dev.millrace.pipeline.",
          "dev.millrace.sync.",
          "dev.millrace.stages.internal.");

  private Stacks() {}

  /**
   * The line of the user's code that the thread is in; null if it is in none. Stops the thread for
   * some microseconds.
   */
  public static @Nullable StackTraceElement line(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String of = frame.getClassName();
      if (OURS.stream().noneMatch(of::startsWith)) {
        return frame;
      }
    }
    return null;
  }
}
