package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.FusedMappings;
import dev.millrace.stages.internal.fusion.Guard;
import dev.millrace.stages.internal.fusion.MappingHost;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.Unwind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Runs mappings that follow each other, and calls the next step with their results. */
final class MappingStep extends Step implements MappingHost {

  /** A stage that it runs. */
  record Stage(
      String name, Mapping.Maker<Object, Object> maker, FailurePolicy policy, Account account) {}

  private final PipelineThread thread;
  private final List<Stage> stages;
  private final Step next;
  private final List<Mapping<Object, Object>> made = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // by start, which comes first
  private FusedMappings mappings;

  MappingStep(PipelineThread thread, List<Stage> stages, Account from, Step next) {
    super(from, stages.getFirst().account());
    this.thread = thread;
    this.stages = stages;
    this.next = next;
  }

  @Override
  void start() throws Exception {
    next.start();
    thread.check();
    for (Stage stage : stages.reversed()) {
      try {
        made.addFirst(Objects.requireNonNull(stage.maker().get(), "a stage has no transform"));
      } catch (Throwable e) {
        throw thread.thrown(e, cause -> Places.stageOpened(stage.name(), cause));
      }
    }
    mappings = new FusedMappings(made, stages.stream().map(Stage::account).toList(), this, next);
    done = next.done;
  }

  @Override
  void process(Object element) {
    mappings.accept(element);
    done = next.done;
  }

  @Override
  public Guard guard() {
    return thread;
  }

  @Override
  public void left() {
    throw Unwind.INSTANCE;
  }

  @Override
  public void interrupted() {
    thread.forgetInterrupt();
  }

  @Override
  @Nullable Chain chain(boolean define) {
    return mappings.chain(next.chain(define), define);
  }

  @Override
  Step decisive() {
    return next.decisive();
  }

  @Override
  public void thrown(int index, Object element, Throwable cause) {
    Stage stage = stages.get(index);
    thread
        .run
        .failures()
        .thrown(thread, stage.account()::failed, stage.name(), stage.policy(), element, cause);
  }

  @Override
  void end() throws Exception {
    next.end();
  }

  @Override
  void close() {
    int index = stages.size() - made.size(); // the last ones are made first
    for (Mapping<Object, Object> mapping : made) {
      String name = stages.get(index++).name();
      thread.close(mapping, cause -> Places.stageClosed(name, cause));
    }
    next.close();
  }
}
