package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.List;

/**
 * A transform that receives, with each element, the elements of settling sources that the element
 * was made of. It holds no element. Only a pipeline with a settling source calls it that way.
 *
 * @param <I> the type of the elements that it takes
 * @param <O> the type of the elements that it emits
 */
public interface OriginTransform<I, O> extends Transform.Stateless<I, O> {

  /**
   * Takes an element; see {@link Transform#accept}.
   *
   * @param sources the elements of settling sources that the element was made of, each once, in the
   *     order in which the stages have combined them. None of them is settled before this method
   *     returns
   */
  Outcome accept(I element, List<SourceElement> sources, Emitter<? super O> out) throws Exception;

  /** Refuses the element: the run has no settling source. */
  @Override
  default Outcome accept(I element, Emitter<? super O> out) throws Exception {
    return accept(element, List.of(), out);
  }
}
