package dev.millrace.benchmarks;

import java.util.function.Function;

/**
 * The pipelines of one peer, from {@link Numbers} to the count of elements that arrive. A method
 * throws if the peer has no idiom for it.
 */
interface Pipelines extends AutoCloseable {

  /** How many elements wait at a boundary: what Reactor has by default. */
  int BUFFER = 256;

  /** {@link Numbers#plus}, {@link Numbers#isBig}, and both again, in one thread. */
  default long fused(int count) throws Exception {
    throw none();
  }

  /** As many hand-overs between threads, and {@link Numbers#plus} before, between and after. */
  default long boundaries(int count, int boundaries) throws Exception {
    throw none();
  }

  /** A function for as many elements at once; results as they come. */
  default long unordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    throw none();
  }

  /** As {@link #unordered}, in order. */
  default long ordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    throw none();
  }

  /**
   * Each element goes to as many branches, which do {@link Numbers#plus} in threads of their own,
   * and come together.
   */
  default long broadcast(int count, int branches) throws Exception {
    throw none();
  }

  @Override
  default void close() {}

  private UnsupportedOperationException none() {
    return new UnsupportedOperationException(getClass().getSimpleName() + " is no peer here");
  }

  /** The pipelines of the peer of that name. */
  static Pipelines of(String peer) {
    return switch (peer) {
      case "millrace" -> MillracePipelines.onChannels();
      case "millrace-reactor" -> MillracePipelines.onReactor();
      case "reactor" -> new ReactorPipelines();
      case "publishon" -> new PublishOnPipelines();
      case "flatmap" -> new FlatMapPipelines();
      case "rxjava" -> new RxPipelines();
      case "kotlin" -> new KotlinPipelines();
      case "pekko" -> new PekkoPipelines();
      case "gatherers" -> new StreamPipelines();
      case "loop" -> new LoopPipelines();
      default -> throw new IllegalArgumentException("there is no peer '" + peer + "'");
    };
  }
}
