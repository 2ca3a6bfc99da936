package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Transform;
import java.util.function.Supplier;

/**
 * A stage that keeps the claims of its elements itself, when its pipeline is {@link Lift lifted}.
 */
interface SelfLifting {

  /**
   * The same stage, for elements that may be in envelopes.
   *
   * @param claims the number of claims that each emitted element needs
   */
  Supplier<Transform<Object, Object>> lifted(int claims, Resources resources);
}
