package dev.millrace.testkit.conformance;

import static dev.millrace.testkit.conformance.ResourceConformance.used;
import static dev.millrace.testkit.conformance.ResourceConformance.usingSink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.testkit.conformance.Shelf.Item;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/**
 * A stage that has a resource closes it exactly once, after the last of its elements has left the
 * run, however the run ends.
 */
abstract class StageResourcesConformance extends Theme {

  private final Shelf shelf = new Shelf();

  /** A stage that emits items of a box of its own. */
  private final class Packing implements Transform<Integer, Item> {
    private final Shelf.Box box = shelf.open();

    @Override
    public Outcome accept(Integer element, Emitter<? super Item> out) {
      box.use();
      out.emit(new Item(box, element));
      return Outcome.USED;
    }

    @Override
    public int holds() {
      return 0;
    }

    @Override
    public void end(Emitter<? super Item> out) {
      box.use();
    }

    @Override
    public void close() {
      box.close();
    }
  }

  private Pipe<Item> packed(Pipe<Integer> pipe) {
    return pipe.via("pack", Packing::new);
  }

  @Test
  void transformIsClosedOnceAfterItsElements() {
    run(used(packed(Pipe.from(Numbers.below(50)))).to(usingSink())).wholeResult();
    run(packed(Pipe.from(Numbers.below(50))).map("use", Item::use).to(Sink.count())).wholeResult();
    run(packed(Pipe.from(Numbers.below(0))).to(Sink.count())).wholeResult();
    assertThat(shelf.opened()).isEqualTo(3);
    shelf.check();
  }

  /** At the end of the run the library closes each resource that its engine has left open. */
  @Test
  void transformIsClosedWhileTheRunGoesOn() {
    assumeTrue(kit().closesSourcesEarly());
    var first = used(packed(Pipe.from("first", Numbers.below(50)))).map("number", Item::use);
    var second =
        Numbers.below(1)
            .at(
                0,
                () ->
                    await(
                        "the transform of the first input to be closed",
                        () -> shelf.opened() == 1 && shelf.stillOpen() == 0));
    var pipe = Pipe.concat("concat", List.of(first, Pipe.from("second", second)));
    assertThat(run(pipe.to(Sink.count())).wholeResult()).isEqualTo(51);
    shelf.check();
  }

  @Test
  void transformIsClosedOnceWhenTheRunFails() {
    var boom = new IOException("boom");
    var source = Numbers.below(50).at(20, () -> raise(boom));
    assertThat(run(used(packed(Pipe.from(source))).to(usingSink())).failed()).isSameAs(boom);
    assertThat(run(packed(Pipe.from(source)).to(usingSink())).failed()).isSameAs(boom);
    shelf.check();
  }

  @Test
  void transformIsClosedOnceWhenTheRunIsCancelled() {
    for (boolean isParallel : new boolean[] {true, false}) {
      var waiting = new CountDownLatch(1);
      Pipe<Item> pipe = packed(Pipe.from(silentFrom(20, waiting)));
      var trial = start((isParallel ? used(pipe) : pipe).to(usingSink()));
      await(waiting);
      var cause = new IOException("enough");
      trial.run().cancel(cause);
      assertThat(trial.end().cancelled()).isSameAs(cause);
    }
    shelf.check();
  }

  @Test
  void transformIsClosedOnceWhenNoMoreIsWanted() {
    run(used(packed(Pipe.from(Numbers.endless())).take("few", 20)).to(usingSink())).result();
    run(packed(Pipe.from(Numbers.endless())).take("few", 20).to(usingSink())).result();
    run(packed(Pipe.from(Numbers.endless())).to(Sink.first())).result();
    run(packed(Pipe.from(Numbers.endless())).take("none", 0).to(Sink.first())).result();
    shelf.check();
  }

  @Test
  void transformIsClosedInEveryLaneAndInput() {
    var inputs = new ArrayList<Pipe<Item>>();
    for (int i = 0; i < 3; i++) {
      inputs.add(Pipe.from("source " + i, Numbers.below(10)).via("pack " + i, Packing::new));
    }
    var pipe =
        Pipe.concat("all", inputs)
            .map("number", Item::use)
            .partitionBy("lanes", x -> x, 3, lane -> lane.via("pack", Packing::new));
    run(used(pipe).to(usingSink())).wholeResult();
    assertThat(shelf.opened()).isEqualTo(6);
    shelf.check();
  }

  @Test
  void transformIsClosedIfAnotherOneCannotBeMade() {
    var boom = new IllegalStateException("boom");
    var pipe =
        Pipe.from(Numbers.below(10))
            .<Integer>via(
                "broken",
                () -> {
                  throw boom;
                })
            .via("pack", Packing::new);
    assertThat(run(pipe.to(usingSink())).failed()).isSameAs(boom);
    shelf.check();
  }

  @Test
  void failingCloseOfATransformStopsTheRun() {
    var boom = new IOException("boom");
    class Broken implements Transform.Stateless<Integer, Integer> {
      @Override
      public Outcome accept(Integer element, Emitter<? super Integer> out) {
        out.emit(element);
        return Outcome.USED;
      }

      @Override
      public void close() throws IOException {
        throw boom;
      }
    }
    var pipe = Pipe.from(Numbers.below(10)).via("broken", Broken::new);
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(boom);
    assertThat(run(pipe.mapParallel("work", 2, x -> x).to(Sink.count())).failed()).isSameAs(boom);
  }
}
