package dev.millrace.benchmarks;

/** A plain loop instead of a pipeline: the cost of the elements and the functions alone. */
final class LoopPipelines implements Pipelines {

  @Override
  public long fused(int count) {
    long arrived = 0;
    for (Integer n : new Numbers(count)) {
      Integer next = Numbers.plus(n);
      if (Numbers.isBig(next) && Numbers.isBig(Numbers.plus(next))) {
        arrived++;
      }
    }
    return arrived;
  }

  @Override
  public long fusedBoxes(int count) {
    long arrived = 0;
    for (Integer n : Numbers.inBoxes(count)) {
      Integer next = Numbers.next(n);
      if (Numbers.isEven(next) && Numbers.isBig(Numbers.next(next))) {
        arrived++;
      }
    }
    return arrived;
  }
}
