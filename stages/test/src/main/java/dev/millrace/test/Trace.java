package dev.millrace.test;

import dev.millrace.pipeline.Pipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The elements that left the stages of a pipeline, in one order over all stages.
 *
 * <pre>{@code
 * pipe.map("parse", Order::parse).through(trace.after("parse"))
 * }</pre>
 *
 * <p>{@link #after} adds a stage that looks at the elements. Two stages in different threads are
 * ordered as they add their elements here: after the stage has made an element, and before the next
 * stage takes it. Thread-safe.
 */
public final class Trace {

  /**
   * An element that left a stage.
   *
   * @param stage the name that was given to {@link Trace#after}
   */
  public record Left(String stage, Object element) {
    /** For messages. */
    @Override
    public String toString() {
      return stage + ": " + element;
    }
  }

  /** The number of elements that a message shows. */
  private static final int SHOWN = 40;

  private final Waiting waiting;
  private final List<Left> all = new ArrayList<>();

  /** An empty trace. */
  public Trace() {
    this(new Waiting());
  }

  Trace(Waiting waiting) {
    this.waiting = waiting;
  }

  /**
   * Adds a stage named {@code trace after <stage>}, for {@link Pipe#through}.
   *
   * @param stage the name of the stage before; any name that no other place has
   */
  public <T> Function<Pipe<T>, Pipe<T>> after(String stage) {
    Objects.requireNonNull(stage, "stage");
    return pipe -> pipe.tee("trace after " + stage, element -> add(new Left(stage, element)));
  }

  private void add(Left one) {
    waiting.change(
        () -> {
          all.add(one);
        });
  }

  /** All elements so far. */
  public List<Left> all() {
    return waiting.read(() -> List.copyOf(all));
  }

  /** The elements that left this stage so far. */
  public List<Object> of(String stage) {
    return all().stream().filter(one -> one.stage().equals(stage)).map(Left::element).toList();
  }

  /** The last elements, one a line. */
  @Override
  public String toString() {
    List<Left> seen = all();
    return seen.subList(Math.max(0, seen.size() - SHOWN), seen.size()).stream()
        .map(Left::toString)
        .collect(Collectors.joining("\n"));
  }
}
