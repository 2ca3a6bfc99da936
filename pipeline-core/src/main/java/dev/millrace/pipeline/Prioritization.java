package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The two stages of {@link Buffers#prioritized}, on both sides of a buffer.
 *
 * <p>The first stage puts each element into a queue for its priority, and emits a ticket. The
 * second stage takes one element for each ticket: the first of the lowest number. So the buffer of
 * tickets bounds the queues.
 */
final class Prioritization {

  private Prioritization() {}

  /** All waiting elements of a run. A ticket is the reference to it. Thread-safe. */
  static final class Queues {
    private final TreeMap<Integer, ArrayDeque<Object>> waiting = new TreeMap<>(); // guarded by this

    synchronized void add(int priority, Object element) {
      waiting.computeIfAbsent(priority, key -> new ArrayDeque<>()).add(element);
    }

    synchronized Object take() {
      var first = Objects.requireNonNull(waiting.firstEntry(), "a ticket without an element");
      Object element = first.getValue().remove();
      if (first.getValue().isEmpty()) {
        waiting.remove(first.getKey());
      }
      return element;
    }
  }

  /** Puts elements into the queues. */
  record Into<T>(StageFunction<? super T, Integer> priority)
      implements Transforms.Ours<T, Queues>, SelfLifting {

    @Override
    @SuppressWarnings("unchecked") // the transform takes any object
    public Transform<T, Queues> get() {
      return (Transform<T, Queues>) (Transform<?, ?>) queueing();
    }

    @SuppressWarnings("unchecked") // the blueprint is well typed
    private Transform<Object, Object> queueing() {
      var untyped = (StageFunction<Object, Integer>) priority;
      var queues = new Queues();
      return (Transform.Stateless<Object, Object>)
          (element, out) -> {
            queues.add(Transforms.result(untyped.apply(Envelope.value(element))), element);
            out.emit(queues);
            return Transform.Outcome.USED;
          };
    }

    @Override
    public Supplier<Transform<Object, Object>> lifted(int claims, Resources resources) {
      return this::queueing;
    }
  }

  /** Takes an element for each ticket. */
  record Take<T>() implements Transforms.Ours<Queues, T>, SelfLifting {

    @Override
    @SuppressWarnings("unchecked") // the queues were filled with elements of this type
    public Transform<Queues, T> get() {
      return (Transform<Queues, T>) (Transform<?, ?>) taking(1);
    }

    private static Transform<Object, Object> taking(int claims) {
      return (Transform.Stateless<Object, Object>)
          (queues, out) -> {
            Object element = ((Queues) queues).take();
            Envelope.origin(element).retain(claims - 1);
            out.emit(element);
            return Transform.Outcome.USED;
          };
    }

    @Override
    public Supplier<Transform<Object, Object>> lifted(int claims, Resources resources) {
      return () -> taking(claims);
    }
  }
}
