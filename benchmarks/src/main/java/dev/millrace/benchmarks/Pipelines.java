package dev.millrace.benchmarks;

import java.util.function.Function;

/**
 * The pipelines of one peer, from {@link Numbers} to the number of elements that arrive. A method
 * throws if the peer has no idiom for it.
 */
interface Pipelines extends AutoCloseable {

  /** The number of elements that can wait at a boundary: Reactor's default. */
  int BUFFER = 256;

  /** {@link Numbers#plus}, {@link Numbers#isBig}, and both again, in one thread. */
  default long fused(int count) throws Exception {
    throw none();
  }

  /**
   * {@link Numbers#next}, {@link Numbers#isEven}, {@link Numbers#next}, {@link Numbers#isBig}, on
   * numbers in boxes.
   */
  default long fusedBoxes(int count) throws Exception {
    throw none();
  }

  /**
   * {@code boundaries} hand-overs between threads, with {@link Numbers#plus} before, between and
   * after them.
   */
  default long boundaries(int count, int boundaries) throws Exception {
    throw none();
  }

  /** A function, {@code workers} elements at once; results in any order. */
  default long unordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    throw none();
  }

  /** Like {@link #unordered}, in order. */
  default long ordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    throw none();
  }

  /**
   * Each element goes to {@code branches} branches, which call {@link Numbers#plus} in threads of
   * their own and are merged.
   */
  default long broadcast(int count, int branches) throws Exception {
    throw none();
  }

  @Override
  default void close() {}

  private UnsupportedOperationException none() {
    return new UnsupportedOperationException(getClass().getSimpleName() + " is no peer here");
  }

  /** The pipelines of the peer with this name. */
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
