package dev.millrace.stages.internal.run;

import dev.millrace.errors.Descriptions;

/** Texts that say where a run has failed, for failures that belong to no single element. */
public final class Places {

  private Places() {}

  /** A source that cannot be opened. */
  public static String sourceOpened(String name, Throwable cause) {
    return "source '%s' failed when it was opened: %s".formatted(name, text(cause));
  }

  /** A source that has given elements, and then throws. */
  public static String sourceAfter(String name, long elements, Throwable cause) {
    return "source '%s' failed after %d %s: %s"
        .formatted(name, elements, elements == 1 ? "element" : "elements", text(cause));
  }

  /** A source that cannot be closed. */
  public static String sourceClosed(String name, Throwable cause) {
    return "source '%s' failed when it was closed: %s".formatted(name, text(cause));
  }

  /** A stage whose state cannot be made. */
  public static String stageOpened(String name, Throwable cause) {
    return "stage '%s' failed when it was opened: %s".formatted(name, text(cause));
  }

  /** A stage that throws without an element: because time has passed, or at its end. */
  public static String stageWithoutElement(String name, Throwable cause) {
    return "stage '%s' failed after its last element: %s".formatted(name, text(cause));
  }

  /** A stage whose state cannot be closed. */
  public static String stageClosed(String name, Throwable cause) {
    return "stage '%s' failed when it was closed: %s".formatted(name, text(cause));
  }

  /** A sink that cannot be opened. */
  public static String sinkOpened(Throwable cause) {
    return "the sink failed when it was opened: " + text(cause);
  }

  /** A sink that does not take an element. */
  public static String sinkOn(Object element, Throwable cause) {
    return "the sink failed on %s: %s".formatted(Descriptions.ofElement(element), text(cause));
  }

  /** A sink that has no result. */
  public static String sinkFinished(Throwable cause) {
    return "the sink failed when it was finished: " + text(cause);
  }

  /** A sink that cannot be closed. */
  public static String sinkClosed(Throwable cause) {
    return "the sink failed when it was closed: " + text(cause);
  }

  private static String text(Throwable cause) {
    return Descriptions.ofCause(cause);
  }
}
