package dev.millrace.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The supplier of a transform that can refuse a pipeline when it is started. The supplier of a
 * sequential stage implements it.
 */
public interface StartCheck {

  /** A fact about the stages above the stage. */
  sealed interface Above {}

  /**
   * A source.
   *
   * @param stage the name of the source's stage
   * @param settlement the callback of a settling source; null if the source does not settle
   */
  record Source(String stage, @Nullable Settlement<?> settlement) implements Above {}

  /** A stage whose results share elements with their neighbours. */
  record Overlap(String stage) implements Above {}

  /**
   * Checks the stages above.
   *
   * @param stage the name of the stage
   * @throws IllegalArgumentException if the stage cannot work with them
   */
  void check(String stage, List<Above> above);
}
