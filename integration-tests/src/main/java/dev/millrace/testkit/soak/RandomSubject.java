package dev.millrace.testkit.soak;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.testkit.conformance.RandomPipeline;
import java.util.ArrayList;
import java.util.List;

/** A small random pipeline of the conformance kit, and its sequential model. */
final class RandomSubject implements Subject<List<Integer>> {

  private static final int CALLS = 60;

  private final RandomPipeline random;
  private final List<Failure<?>> failures =
      new ArrayList<>(); // failures arrive one after the other

  RandomSubject(RandomPipeline random) {
    this.random = random;
  }

  @Override
  public Pipeline<List<Integer>> pipeline(Hook hook) {
    return random.pipe(hook::call).to(Sink.<Integer>toList());
  }

  @Override
  public int calls() {
    return CALLS;
  }

  @Override
  public boolean takesAll() {
    return true;
  }

  @Override
  public void failed(Failure<?> failure) {
    failures.add(failure);
  }

  @Override
  public long failures() {
    return failures.size();
  }

  @Override
  public void check(List<Integer> result, RunReport report) {
    random.check(result, failures, report);
  }

  @Override
  public void checkCut(Disturbance how, RunReport report) {
    switch (how) {
      case NONE, CANCELLED, PARENT_CANCELLED, DEADLINE -> random.checkCut(failures);
      case DRAINED, DRAINED_IN_HASTE -> {
        // a sum of fewer elements is another number, and may fail elsewhere
      }
    }
  }

  @Override
  public String toString() {
    return random.toString();
  }
}
