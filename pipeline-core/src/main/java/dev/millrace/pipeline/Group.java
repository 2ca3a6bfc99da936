package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.pipeline.transform.Transform.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The stages of one key of {@link Groups}, the first one first: each emits into the next one. Not
 * thread-safe.
 */
final class Group<R> {

  /**
   * A stage of a group has thrown for more than the current element, or without one. This stops the
   * run, whatever the failure policy is: other elements are lost, too.
   */
  static final class Failed extends Error {
    private static final long serialVersionUID = 1L;

    Failed(Exception cause) {
      super("a stage of a group failed on several elements together: " + cause, cause);
    }
  }

  /** An action of a stage that may throw. */
  private interface Action {
    void run() throws Exception;
  }

  private final List<Transform<Object, Object>> stages = new ArrayList<>();

  /** The first stage that still takes elements. The stages before it are left out. */
  private int first;

  /** The exception that the emitter of the run has thrown. */
  private @Nullable Exception ofTheRun;

  /** The instant of its last element, a {@link System#nanoTime}. */
  long lastAt;

  /** The number of the oldest element that the group may hold; -1 if it holds none. */
  long oldest = -1;

  @SuppressWarnings("unchecked") // the blueprint is well typed
  Group(List<Supplier<?>> suppliers) {
    for (Supplier<?> supplier : suppliers) {
      stages.add((Transform<Object, Object>) Objects.requireNonNull(supplier.get()));
    }
    for (int i = 0; i < stages.size(); i++) {
      if (stages.get(i).wantsNone()) {
        first = i + 1;
      }
    }
  }

  boolean holds() {
    return stages.stream().anyMatch(stage -> stage.holds() > 0);
  }

  /** Gives an element to the first stage. */
  Outcome accept(Object element, Emitter<? super R> out) throws Exception {
    return first > 0 ? Outcome.DROPPED : accept(0, element, out);
  }

  @SuppressWarnings("unchecked") // the blueprint is well typed
  private Outcome accept(int stage, Object element, Emitter<? super R> out) throws Exception {
    if (stage < first) {
      return Outcome.DROPPED;
    }
    if (stage == stages.size()) {
      emit((R) element, out);
      return Outcome.USED;
    }
    Outcome outcome = stages.get(stage).accept(element, after(stage, out));
    if (outcome.isLast()) {
      first = stage + 1;
      end(stage, out);
    }
    return outcome.isDropped() ? Outcome.DROPPED : Outcome.USED;
  }

  /** Emits a result of the group. An exception of the emitter goes to the engine unchanged. */
  private void emit(R result, Emitter<? super R> out) {
    try {
      out.emit(result);
    } catch (Exception e) {
      ofTheRun = e;
      throw e;
    }
  }

  /** The stage behind this one, as its emitter. */
  private Emitter<Object> after(int stage, Emitter<? super R> out) {
    boolean isOfOne = stages.subList(0, stage + 1).stream().allMatch(Group::isOfOne);
    return element -> {
      Objects.requireNonNull(element, "a stage emitted null");
      Action action = () -> accept(stage + 1, element, out);
      if (isOfOne) {
        Group.<RuntimeException>plainly(action);
      } else {
        fatally(action);
      }
    };
  }

  /** Whether a stage makes its outputs of the current element only. */
  private static boolean isOfOne(Transform<?, ?> stage) {
    return stage instanceof Transform.Stateless<?, ?>;
  }

  @SuppressWarnings("unchecked") // accept() declares any exception
  private static <X extends Throwable> void plainly(Action action) throws X {
    try {
      action.run();
    } catch (Exception e) {
      throw (X) e;
    }
  }

  /** An interrupt is passed on unchanged: the run decides about it. */
  private void fatally(Action action) {
    Group.<RuntimeException>plainly(
        () -> {
          try {
            action.run();
          } catch (InterruptedException e) {
            throw e;
          } catch (Exception e) {
            if (e == ofTheRun) {
              throw e;
            }
            throw new Failed(e);
          }
        });
  }

  /** Ends this stage and the stages behind it. */
  private void end(int from, Emitter<? super R> out) {
    for (int i = from; i < stages.size(); i++) {
      Transform<Object, Object> stage = stages.get(i);
      Emitter<Object> next = after(i, out);
      first = i + 1;
      fatally(() -> stage.end(next));
    }
  }

  /** The input has ended: emits the last results. */
  void end(Emitter<? super R> out) {
    end(first, out);
  }

  /** The number of elements of which nothing was emitted. After the end. */
  int leftOver() {
    for (Transform<Object, Object> stage : stages) {
      if (!(stage instanceof Mapping<?, ?>)) {
        return stage.leftOver();
      }
    }
    return 0;
  }

  /** Closes all stages; throws the first exception. */
  void close() throws Exception {
    Sources.closeAll(stages);
  }
}
