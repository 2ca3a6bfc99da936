package dev.millrace.testkit.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The result of a {@link ConsumerProof}. Immutable and thread-safe. */
public final class Verdict {

  private static final int SHOWN = 3;

  private final RoundResult result;
  private final Set<Invariant> checked;
  private final Path files;

  Verdict(RoundResult result, Set<Invariant> checked, Path files) {
    this.result = result;
    this.checked = EnumSet.copyOf(checked);
    this.files = files;
  }

  /** The seed: {@link ConsumerProof#seed} repeats the plan. */
  public long seed() {
    return result.plan().seed();
  }

  /** Whether the run reached its end, and no checked invariant was broken. */
  public boolean isOk() {
    return result.isOk();
  }

  /**
   * The broken invariants, in the order in which they were found; later ones may follow from it.
   */
  public List<Violation> violations() {
    return result.violations();
  }

  /**
   * The reason why the run did not reach its end, such as a broker that did not come back; or
   * empty.
   */
  public String problem() {
    return result.problem();
  }

  /** The invariants that were checked. */
  public Set<Invariant> checked() {
    return EnumSet.copyOf(checked);
  }

  /** The number of disturbances, by kind. */
  public Map<Disturbance, Integer> disturbances() {
    return new EnumMap<>(result.done());
  }

  /** The number of records that were processed. */
  public long records() {
    return result.processed();
  }

  /** The number of times that a record was processed again. */
  public long duplicates() {
    return result.duplicates();
  }

  /** The longest time that a partition with lag stood still without a fault. */
  public Duration longestStall() {
    return result.longestStall();
  }

  /** The logs and outputs of the processes; deleted if the run was good. */
  public Path files() {
    return files;
  }

  /**
   * Returns this if the run was good.
   *
   * @throws AssertionError with the seed, the plan, the first violations with their histories, and
   *     the directory of the logs
   */
  public Verdict orThrow() {
    if (!isOk()) {
      throw new AssertionError(toString());
    }
    return this;
  }

  /** The whole verdict for people, in several lines. */
  @Override
  public String toString() {
    var text = new StringBuilder();
    text.append("seed %d (%s): ".formatted(seed(), result.plan().describe()));
    text.append(
        "%,d records, %,d processed again, %d disturbances %s"
            .formatted(records(), duplicates(), result.disturbances(), result.done()));
    if (isOk()) {
      return text.append("; kept: ").append(checked).toString();
    }
    if (!problem().isEmpty()) {
      text.append("\nthe run did not reach its end: ").append(problem());
    }
    violations().stream().limit(SHOWN).forEach(one -> text.append('\n').append(one));
    int more = violations().size() - SHOWN;
    if (more > 0) {
      text.append("\nand ").append(more).append(" more");
    }
    return text.append(
            "\nrun it again with .seed(%dL); the logs are in %s".formatted(seed(), files))
        .toString();
  }
}
