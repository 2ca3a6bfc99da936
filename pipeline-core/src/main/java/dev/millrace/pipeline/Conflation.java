package dev.millrace.pipeline;

import dev.millrace.pipeline.Node.Combiner;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The two stages of {@link Buffers#conflate}, on both sides of a thread boundary. */
/*
 * The first stage puts an element into a slot and emits the slot. As long as the second stage has not
 * taken the slot, the first stage combines each later element into it, and emits nothing. So at
 * most one slot waits at the boundary: the first stage never waits, and never needs more than one
 * place.
 *
 * The lock of a slot decides between the two stages. Either the first stage combines, and the
 * second stage takes the combined element. Or the slot is taken, and the first stage begins the
 * next slot.
 */
final class Conflation {

  private Conflation() {}

  /** Elements that wait together, with one claim to the origin of each. */
  static final class Slot {
    private Object element;
    private final List<Origin> origins = new ArrayList<>(1); // guarded by this
    private boolean isTaken; // guarded by this

    Slot(Object element, Origin origin) {
      this.element = element;
      add(origin);
    }

    private void add(Origin origin) {
      if (origin != Origin.NONE) {
        origins.add(origin);
      }
    }

    /** Combines an element into the slot; false if the slot is taken. */
    synchronized boolean combine(
        Object next, Origin origin, Combiner<Object, Object, Object> combiner) throws Exception {
      if (isTaken) {
        return false;
      }
      element = Transforms.result(combiner.apply(element, next));
      add(origin);
      return true;
    }

    synchronized Object take(int claims) {
      isTaken = true;
      return Envelope.of(element, Origin.merge(origins, claims));
    }

    @Override
    public synchronized String toString() {
      return element.toString();
    }
  }

  /** Fills slots. */
  record Into<T>(Combiner<? super T, ? super T, ? extends T> combiner)
      implements Transforms.Ours<T, Slot>, SelfLifting {

    @Override
    @SuppressWarnings("unchecked") // the transform takes any object
    public Transform<T, Slot> get() {
      return (Transform<T, Slot>) (Transform<?, ?>) filling();
    }

    @SuppressWarnings("unchecked") // the blueprint is well typed
    private Transform<Object, Object> filling() {
      var untyped = (Combiner<Object, Object, Object>) combiner;
      return new Transform.Stateless<>() {
        private @Nullable Slot slot;

        @Override
        public Outcome accept(Object element, Emitter<? super Object> out) throws Exception {
          Object value = Envelope.value(element);
          Origin origin = Envelope.origin(element);
          Slot waiting = slot;
          if (waiting == null || !waiting.combine(value, origin, untyped)) {
            var next = new Slot(value, origin);
            slot = next;
            out.emit(next);
          }
          return Outcome.USED;
        }
      };
    }

    @Override
    public Supplier<Transform<Object, Object>> lifted(int claims, Resources resources) {
      return this::filling;
    }
  }

  /** Takes slots, and emits their elements. */
  record Take<T>() implements Transforms.Ours<Slot, T>, SelfLifting {

    @Override
    @SuppressWarnings("unchecked") // the slot was filled with elements of this type
    public Transform<Slot, T> get() {
      return (Transform<Slot, T>) (Transform<?, ?>) taking(1);
    }

    private static Transform<Object, Object> taking(int claims) {
      return (Transform.Stateless<Object, Object>)
          (slot, out) -> {
            out.emit(((Slot) slot).take(claims));
            return Transform.Outcome.USED;
          };
    }

    @Override
    public Supplier<Transform<Object, Object>> lifted(int claims, Resources resources) {
      return () -> taking(claims);
    }
  }
}
