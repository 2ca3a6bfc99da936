package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.sessions.JqwikSession;

/**
 * A pipeline that a seed draws, with the expected results of a sequential model. For tests that run
 * many pipelines in a way of their own. Immutable.
 */
public final class RandomPipeline {

  /** How large what is drawn may become, as jqwik has it by default. */
  private static final int SIZE = 1000;

  /** Called by each function of a pipeline before it does its work. */
  public interface Hook {
    /** May block, and throw. */
    void call() throws Exception;
  }

  private final Plan plan;

  RandomPipeline(Plan plan) {
    this.plan = plan;
  }

  /**
   * Draws the pipelines of that number of seeds, beginning with the given one; each seed has one
   * pipeline.
   */
  public static List<RandomPipeline> draw(long firstSeed, int count) {
    List<RandomPipeline> drawn = new ArrayList<>(count);
    JqwikSession.run(
        () -> {
          RandomGenerator<Plan> generator = RandomPipelines.plan().generator(SIZE);
          for (long seed = firstSeed; seed < firstSeed + count; seed++) {
            drawn.add(new RandomPipeline(generator.next(random(seed)).value()));
          }
        });
    return drawn;
  }

  /** The first numbers that a {@link Random} gives are alike for seeds that are near. */
  private static Random random(long seed) {
    return new Random(new SplittableRandom(seed).nextLong());
  }

  /** The pipeline, to be continued by a sink that takes all. */
  public Pipe<Integer> pipe(Hook hook) {
    return plan.pipe(hook);
  }

  /**
   * Fails with an {@link AssertionError} unless an undisturbed run matches the model: same results,
   * same failures, same counts.
   */
  public void check(List<Integer> results, List<Failure<?>> failures, RunReport report) {
    Model model = plan.model();
    assertThat(sorted(results)).as("results of %s", this).isEqualTo(sorted(model.results()));
    assertThat(sorted(told(failures)))
        .as("failures of %s", this)
        .isEqualTo(sorted(model.failures()));
    assertThat(books(report)).as("books of %s", this).isEqualTo(model.books());
    if (plan.steps().stream().allMatch(Plan.Step::keepsOrder)) {
      assertThat(results).as("order of %s", this).isEqualTo(model.results());
    }
  }

  /** Fails unless nothing has failed in a run that was cut short that would not have failed. */
  public void checkCut(List<Failure<?>> failures) {
    Map<String, Integer> left = new HashMap<>();
    plan.model().failures().forEach(failure -> left.merge(failure, 1, Integer::sum));
    told(failures).forEach(failure -> left.merge(failure, -1, Integer::sum));
    left.values().removeIf(count -> count >= 0);
    assertThat(left).as("failures that the model has not, in %s", this).isEmpty();
  }

  private static <T extends Comparable<T>> List<T> sorted(List<T> list) {
    return list.stream().sorted().toList();
  }

  private static List<String> told(List<Failure<?>> failures) {
    return failures.stream()
        .map(failure -> Model.failure(failure.stage(), failure.element()))
        .toList();
  }

  private static Map<String, Model.Counts> books(RunReport report) {
    Map<String, Model.Counts> books = new TreeMap<>();
    report
        .stages()
        .forEach(
            stage ->
                books.put(
                    stage.name(),
                    new Model.Counts(
                        stage.received(),
                        stage.processed(),
                        stage.failed(),
                        stage.dropped(),
                        stage.emitted())));
    return books;
  }

  @Override
  public String toString() {
    return plan.toString();
  }
}
