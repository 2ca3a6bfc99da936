package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Random pipelines over a settling source; some runs are disturbed. Each element knows the numbers
 * that it was made of. Every function checks that none of these numbers was settled too early.
 */
abstract class RandomSettlements {

  private static final int TRIES = 200;

  abstract EngineConformance kit();

  /** The disturbance of the run. */
  enum Event {
    NOTHING,
    CANCELLED,
    THROWS_ERROR,
    DRAINED,
    WANTS_NO_MORE,
    HANDLER_THROWS
  }

  /**
   * A random pipeline and its disturbance.
   *
   * @param modulus functions fail on values with a certain remainder of this divisor; 0 for no
   *     failures
   * @param at the number of the function call in which the event happens, from 1
   */
  record Settled(List<TaggedStage> stages, int numbers, int modulus, Event event, int at) {

    boolean isLinear() {
      return stages.stream().allMatch(TaggedStage::isLinear);
    }

    boolean isExhaustive() {
      return event == Event.NOTHING && stages.stream().allMatch(TaggedStage::isExhaustive);
    }
  }

  /** Random pipelines over a settling source. */
  @Provide
  protected Arbitrary<List<Settled>> settled() {
    return Combinators.combine(
            Arbitraries.of(TaggedStage.class).list().ofMinSize(1).ofMaxSize(5),
            Arbitraries.integers().between(0, 60),
            Arbitraries.of(0, 0, 3, 7),
            Arbitraries.of(Event.class),
            Arbitraries.integers().between(1, 80))
        .as(Settled::new)
        .list()
        .ofSize(Integer.getInteger("conformance.plans", 1));
  }

  /**
   * Each element is settled or abandoned exactly once, and never before all elements derived from
   * it have ended.
   */
  @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE)
  protected void elementsOfARandomPipelineAreSettledAtTheirEnd(
      @ForAll("settled") List<Settled> plans) {
    plans.forEach(this::settle);
  }

  final void settle(Settled plan) {
    new Trying(kit(), plan).run();
  }

  private static final class Trying implements TaggedStage.Look {
    private final EngineConformance kit;
    private final Settled plan;
    private final Receipts receipts = new Receipts();
    private final AtomicInteger calls = new AtomicInteger();
    private final CompletableFuture<Trial<Long>> trial = new CompletableFuture<>();
    private final CancellableContext context = Context.background().withCancel();

    Trying(EngineConformance kit, Settled plan) {
      this.kit = kit;
      this.plan = plan;
    }

    void run() {
      Pipe<Tag> pipe =
          Pipe.from(
              receipts.source(
                  Numbers.below(plan.numbers()), Tag::of, tag -> tag.numbers().iterator().next()));
      int name = 0;
      for (TaggedStage stage : plan.stages()) {
        pipe = stage.addTo(pipe, "stage " + name++, this);
      }
      if (plan.event() == Event.WANTS_NO_MORE) {
        pipe = pipe.take("few", plan.at() % 20);
      }
      var pipeline = pipe.map("last", this::at).to(Sink.forEach(this::sink));
      trial.complete(new Trial<>(kit, kit.engine(), pipeline, context, this::failed));
      trial.join().end();
      context.close();
      receipts.check();
      if (plan.isExhaustive()) {
        receipts.checkAbandoned(List.of());
      }
      if (plan.isLinear()) {
        assertThat(receipts.seen()).as("seen at their end").containsAll(receipts.settled());
      }
    }

    @Override
    public Tag at(Tag tag) throws Exception {
      receipts.touch(tag.numbers(), "a function");
      if (calls.incrementAndGet() == plan.at()) {
        disturb();
      }
      receipts.touch(tag.numbers(), "a function that returns");
      if (plan.modulus() > 0 && tag.value() % plan.modulus() == 1) {
        throw new IOException("fails on " + tag.value());
      }
      return tag.plus(1);
    }

    private void disturb() {
      switch (plan.event()) {
        case CANCELLED -> context.cancel(new IllegalStateException("cancelled"));
        case THROWS_ERROR -> throw new StackOverflowError("thrown by a function");
        case DRAINED -> trial.join().run().drain(Duration.ofMinutes(5));
        case NOTHING, WANTS_NO_MORE, HANDLER_THROWS -> {}
      }
    }

    @Override
    public boolean passes(Tag tag) throws Exception {
      boolean passes = at(tag).value() % 3 != 0;
      if (!passes) {
        receipts.ends(tag.numbers(), "a filter");
      }
      return passes;
    }

    @Override
    public Object key(Tag tag) {
      receipts.touch(tag.numbers(), "a key");
      if (plan.modulus() > 0 && tag.value() % plan.modulus() == 2) {
        throw new IllegalStateException("no key for " + tag.value());
      }
      return tag.value() % 5;
    }

    private void sink(Tag tag) {
      receipts.touch(tag.numbers(), "the sink");
      Thread.yield();
      receipts.ends(tag.numbers(), "the sink at its end");
    }

    private void failed(Failure<?> failure) {
      List<?> elements =
          failure.element() instanceof List<?> pair ? pair : List.of(failure.element());
      for (Object element : elements) {
        if (element instanceof Tag tag) {
          receipts.touch(tag.numbers(), "the handler");
        }
      }
      Thread.yield();
      if (plan.event() == Event.HANDLER_THROWS && plan.at() % 4 == 0) {
        throw new IllegalStateException("the handler throws");
      }
      for (Object element : elements) {
        if (element instanceof Tag tag) {
          receipts.ends(tag.numbers(), "the handler at its end");
        }
      }
    }
  }
}
