package dev.millrace.pipeline;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The source elements behind a failure, for the failure handler that runs in this thread.
 * Thread-safe.
 */
public final class FailedOrigins {

  private static final ScopedValue<Supplier<List<SourceElement>>> CURRENT =
      ScopedValue.newInstance();

  /** A failure handler, with its failure. */
  @FunctionalInterface
  public interface Handling {
    /** Handles the failure. */
    void run() throws Exception;
  }

  private FailedOrigins() {}

  /**
   * The elements of settling sources that the failed element was made of, each once; null if no
   * failure handler of a pipeline with a settling source runs in this thread. None of them is
   * settled before the handler returns.
   */
  public static @Nullable List<SourceElement> current() {
    return CURRENT.isBound() ? CURRENT.get().get() : null;
  }

  /** Runs a failure handler, which may ask for the elements. */
  public static void handle(Supplier<List<SourceElement>> sources, Handling handling)
      throws Exception {
    ScopedValue.where(CURRENT, sources)
        .call(
            () -> {
              handling.run();
              return true;
            });
  }
}
