package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks the report of a run that has ended against the graph: each stage balances, and each stage
 * has received the elements that its inputs have emitted. Stateless and thread-safe.
 *
 * <p>A zip receives two elements for each pair. A lane receives the elements that its fan-out gives
 * to all copies of the branch. A fan-out produces the elements that its branches emit.
 */
public final class Books {

  private final RunReport report;
  private final List<String> errors = new ArrayList<>();
  private final Set<String> names = new LinkedHashSet<>();

  /** The number of branches with copies that contain the current node. */
  private int copied;

  private Books(RunReport report) {
    this.report = report;
  }

  /** Fails with an {@link AssertionError} that lists all errors in the counts. */
  public static void audit(Pipeline<?> pipeline, RunReport report) {
    var books = new Books(report);
    books.audit(pipeline.node());
    assertThat(books.errors).as("errors in the books:\n%s", report.explain()).isEmpty();
  }

  private void audit(Node<?> last) {
    expect(report.done(), "the report does not say that the run has ended");
    check(last);
    names.add("sink");
    List<String> reported = report.stages().stream().map(StageReport::name).toList();
    expect(names.equals(Set.copyOf(reported)), "of " + names + " are reported " + reported);
    expect(reported.getLast().equals("sink"), "the sink is not the last of " + reported);
    received(report.stage("sink"), report.stage(last.name()).emitted());
    report.stages().forEach(this::balance);
  }

  private void expect(boolean condition, String error) {
    if (!condition) {
      errors.add(error);
    }
  }

  private void expect(long expected, long actual, String what, StageReport stage) {
    expect(
        expected == actual, what + " should be " + expected + ", but is " + actual + ": " + stage);
  }

  private void balance(StageReport stage) {
    expect(stage.balances(), "does not balance: " + stage);
    expect(0, stage.inFlight(), "in flight after the end", stage);
    expect(0, stage.queued(), "queued after the end", stage);
    expect(stage.waitingForInput().isZero(), "waits after the end: " + stage);
    expect(stage.waitingForOutput().isZero(), "waits after the end: " + stage);
  }

  /** Loops along single inputs instead of recursing: there may be thousands of them. */
  private void check(Node<?> last) {
    Deque<Node<?>> line = new ArrayDeque<>();
    Node<?> head = last;
    while (head.inputs().size() == 1) {
      line.push(head);
      head = head.inputs().getFirst();
    }
    head.inputs().forEach(this::check);
    checkOne(head);
    line.forEach(this::checkOne);
  }

  private void checkOne(Node<?> node) {
    if (!names.add(node.name())) {
      return;
    }
    StageReport stage = of(node);
    if (!(node instanceof Node.Lane<?>)) {
      received(stage, node.inputs().stream().mapToLong(each -> of(each).emitted()).sum());
    }
    switch (node) {
      case Node.FanOut<?, ?> out -> branches(out, stage);
      case Node.Zip<?, ?, ?> _ -> made(stage, stage.processed() / 2);
      case Node.Parallel<?, ?> _,
          Node.Buffer<?> _,
          Node.Merge<?> _,
          Node.Concat<?> _,
          Node.Lane<?> _ ->
          made(stage, stage.processed());
      case Node.From<?> _, Node.Sequential<?, ?> _, Node.Timed<?, ?> _ -> {
        // its number of results has no rule
      }
    }
  }

  private void branches(Node.FanOut<?, ?> out, StageReport stage) {
    long emitted = 0;
    long toAll = 0;
    long most = 0;
    var distinct = new LinkedHashSet<Node.Branch<?, ?>>(out.branches());
    boolean hasCopies = distinct.size() < out.branches().size();
    copied += hasCopies ? 1 : 0;
    for (Node.Branch<?, ?> branch : distinct) {
      check(branch.output());
      emitted += of(branch.output()).emitted();
      long lane = of(branch.lane()).received();
      toAll += lane;
      most = Math.max(most, lane);
    }
    copied -= hasCopies ? 1 : 0;
    made(stage, emitted);
    boolean isBroadcast = out.route() == Node.Route.BROADCAST;
    // The lane that ends last has received all elements of a broadcast. With two copies of a
    // broadcast, the last lane can be another one in each copy.
    long least = isBroadcast && copied == 0 ? most : toAll;
    long once = isBroadcast ? most : toAll;
    expect(
        stage.processed() <= least && once <= stage.received(),
        "the lanes have received %d, one of them %d: %s".formatted(toAll, most, stage));
  }

  private StageReport of(Node<?> node) {
    return report.stage(node.name());
  }

  private void received(StageReport stage, long emitted) {
    expect(
        emitted,
        stage.received(),
        "the number of received elements, against the elements that the inputs have emitted,",
        stage);
  }

  private void made(StageReport stage, long expected) {
    expect(
        expected,
        stage.produced(),
        "the number of produced elements, against the processed elements,",
        stage);
  }
}
