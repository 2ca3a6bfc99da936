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
 * A random pipeline, drawn by a seed, with the expected results of a sequential model. For tests
 * that run many pipelines themselves. Immutable and thread-safe.
 */
public final class RandomPipeline {

  /** The size parameter of jqwik's generators; its default value. */
  private static final int SIZE = 1000;

  /** Each function of a pipeline calls this before its work. Must be thread-safe. */
  public interface Hook {
    /** May block, and throw. */
    void call() throws Exception;
  }

  private final Plan plan;

  RandomPipeline(Plan plan) {
    this.plan = plan;
  }

  /**
   * Draws {@code count} pipelines: one for each seed from {@code firstSeed} on. The same seed
   * always gives the same pipeline.
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

  /**
   * A random generator whose first numbers differ. For close seeds, the first numbers of a plain
   * {@link Random} are similar.
   */
  private static Random random(long seed) {
    return new Random(new SplittableRandom(seed).nextLong());
  }

  /** The pipeline without its sink; add a sink that takes all elements. */
  public Pipe<Integer> pipe(Hook hook) {
    return plan.pipe(hook);
  }

  /**
   * Fails with an {@link AssertionError} unless the results, failures and counts of an undisturbed
   * run match the model.
   */
  public void check(List<Integer> results, List<Failure<?>> failures, RunReport report) {
    Model model = plan.model();
    assertThat(sorted(results)).as("results of %s", this).isEqualTo(sorted(model.results()));
    assertThat(sorted(told(failures)))
        .as("failures of %s", this)
        .isEqualTo(sorted(model.failures()));
    assertThat(books(report)).as("counts of %s", this).isEqualTo(model.books());
    if (plan.steps().stream().allMatch(Plan.Step::keepsOrder)) {
      assertThat(results).as("order of %s", this).isEqualTo(model.results());
    }
  }

  /**
   * For a run that ended early: fails with an {@link AssertionError} if an element has failed that
   * does not fail in the model.
   */
  public void checkCut(List<Failure<?>> failures) {
    Map<String, Integer> left = new HashMap<>();
    plan.model().failures().forEach(failure -> left.merge(failure, 1, Integer::sum));
    told(failures).forEach(failure -> left.merge(failure, -1, Integer::sum));
    left.values().removeIf(count -> count >= 0);
    assertThat(left).as("failures that are not in the model, in %s", this).isEmpty();
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
