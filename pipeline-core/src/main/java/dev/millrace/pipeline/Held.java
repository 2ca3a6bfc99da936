package dev.millrace.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Claims to the elements that a stage still holds: always those that came last. For one thread. */
final class Held {

  private final ArrayDeque<Origin> origins = new ArrayDeque<>();

  boolean isEmpty() {
    return origins.isEmpty();
  }

  /** The stage has had another element, and holds so many now. */
  void add(Origin origin, int holds) {
    if (holds > 0) {
      origins.addLast(origin);
    } else {
      origin.release(1);
    }
    keep(holds);
  }

  /** The stage holds so many now. */
  void keep(int holds) {
    while (origins.size() > holds) {
      origins.removeFirst().release(1);
    }
  }

  /** All that the stage holds, with a claim more to each. */
  List<Origin> retained() {
    List<Origin> all = new ArrayList<>(origins);
    all.forEach(origin -> origin.retain(1));
    return all;
  }
}
