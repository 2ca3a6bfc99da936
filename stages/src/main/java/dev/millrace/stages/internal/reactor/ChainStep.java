package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.FusedMappings;
import dev.millrace.stages.internal.fusion.Guard;
import dev.millrace.stages.internal.fusion.MappingHost;
import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Twins;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.Unwind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stage in a {@link FusedChain}, or several mappings. It emits to the next step, or to the gate
 * at the end.
 */
final class ChainStep implements Emitter<Object>, MappingHost {

  /** The gate looks whether the subscriber has left. */
  private static final Guard OPEN = () -> false;

  private final FusedChain chain;
  private final List<Stage> stages;
  private final Account account;
  private final Account last;
  private final List<Transform<Object, Object>> opened;
  private final Transform<Object, Object> transform;
  private final @Nullable FusedMappings mappings;
  private final @Nullable ChainStep next;
  private final int index;
  private final int times;
  private boolean closed;

  private final Taker exit =
      new Taker() {
        @Override
        public void push(Object element) {
          give(element);
        }
      };

  /**
   * Makes the state of the stages, by functions of the user.
   *
   * @param stages several only if all of them are mappings
   */
  ChainStep(FusedChain chain, List<Stage> stages, int index, @Nullable ChainStep next) {
    this.chain = chain;
    this.stages = stages;
    this.account = stages.getFirst().account();
    this.last = stages.getLast().account();
    List<Transform<Object, Object>> opened = new ArrayList<>();
    for (Stage stage : stages.reversed()) {
      Transform<Object, Object> made = open(stage);
      chain.execution().leftovers().add(made, stage.site().stage());
      opened.addFirst(made);
    }
    this.opened = opened;
    this.transform = opened.getFirst();
    this.mappings = stages.getFirst().isMapping() ? mappings(opened) : null;
    this.index = index;
    this.times = stages.getFirst().site().times();
    this.next = next;
  }

  private Transform<Object, Object> open(Stage stage) {
    try {
      return Objects.requireNonNull(stage.open(), "a stage has no transform");
    } catch (Throwable e) {
      chain.execution().thrown(e, true, cause -> Places.stageOpened(stage.site().stage(), cause));
      throw Unwind.INSTANCE;
    }
  }

  private FusedMappings mappings(List<Transform<Object, Object>> opened) {
    List<Mapping<Object, Object>> all =
        opened.stream().map(each -> (Mapping<Object, Object>) each).toList();
    return new FusedMappings(all, stages.stream().map(Stage::account).toList(), this, exit);
  }

  int index() {
    return index;
  }

  Account account() {
    return account;
  }

  Transform<Object, Object> transform() {
    return transform;
  }

  /** Whether a stage wants no element at all. */
  boolean wantsNone() {
    return mappings == null && transform.wantsNone();
  }

  /** Emits what is left. */
  void end() {
    if (mappings == null) {
      callWithoutElement(
          () -> {
            transform.end(this);
            account.leftOver(transform.leftOver());
          });
    }
  }

  /** Tells a timed transform that its time has come. */
  void elapsed(long now) {
    callWithoutElement(() -> ((TimedTransform<?, Object>) transform).elapsed(now, this));
  }

  private interface Call {
    void run() throws Exception;
  }

  private void callWithoutElement(Call call) {
    try {
      call.run();
    } catch (Throwable e) {
      boolean wanted = chain.isAskedFor();
      chain
          .execution()
          .thrown(
              e,
              wanted,
              cause -> Places.stageWithoutElement(stages.getFirst().site().stage(), cause));
      if (e != Unwind.INSTANCE || !wanted || chain.execution().isStopped()) {
        throw Unwind.INSTANCE;
      } // otherwise a stage after it has had its last element
    }
  }

  /** The step takes no more elements. */
  void close() {
    closed = true;
  }

  /** Closes the transforms; no thread is in them. */
  void release() {
    opened.forEach(chain.execution().leftovers()::close);
  }

  /** An element that the stage has made. */
  @Override
  public void emit(Object element) {
    chain.endCall();
    give(element);
  }

  private void give(Object element) {
    if (next == null) {
      chain.gate().emit(element, last);
      return;
    }
    if (next.closed) {
      last.produced();
      throw Unwind.INSTANCE;
    }
    next.account.passed();
    next.process(element);
  }

  /** Takes an element from outside of the chain, and emits the stage's outputs. */
  void take(Object element) {
    for (int i = 0; i < times; i++) {
      account.received();
    }
    process(element);
  }

  @Override
  public Guard guard() {
    return OPEN;
  }

  @Override
  public void left() {}

  @Override
  public void interrupted() {
    chain.endCall();
  }

  /** Takes the results of the stage, and gives them to the next one. */
  Taker exit() {
    return exit;
  }

  /** The stages after this one, with code of their own; null if there is none. */
  @Nullable Chain chainAfter(boolean define) {
    if (next != null && next.mappings != null) {
      return next.mappings.chain(next.chainAfter(define), define);
    }
    return next == null && chain.gate().hasSink()
        ? chain.gate().chain(last, define)
        : new Chain(exit, Twins.ALL.end(ChainStep.class));
  }

  @Override
  public void thrown(int index, Object element, Throwable cause) {
    thrown(stages.get(index), element, cause);
  }

  private void thrown(Stage stage, Object element, Throwable cause) {
    chain.execution().failed(cause, stage.site(), element, chain.isWanted(), stage.account());
  }

  private void process(Object element) {
    if (mappings != null) {
      mappings.accept(element);
      return;
    }
    Transform.Outcome outcome;
    try {
      outcome = transform.accept(element, this);
    } catch (Unwind unwind) {
      processed(); // the function has emitted a result, which no stage or only some stages took
      throw unwind;
    } catch (Throwable e) {
      thrown(stages.getFirst(), element, e);
      return;
    }
    chain.endCall();
    if (outcome == Transform.Outcome.USED) {
      processed();
    } else {
      ended(outcome);
    }
  }

  private void ended(Transform.Outcome outcome) {
    if (outcome.isDropped()) {
      dropped();
    } else {
      processed();
    }
    if (outcome.isLast()) {
      chain.last(this);
    }
  }

  private void processed() {
    for (int i = 0; i < times; i++) {
      account.processed();
    }
  }

  private void dropped() {
    for (int i = 0; i < times; i++) {
      account.dropped();
    }
  }
}
