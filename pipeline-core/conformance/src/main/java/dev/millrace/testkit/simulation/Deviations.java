package dev.millrace.testkit.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A schedule as its differences from the plainest one, in which a thread runs until it waits, and
 * then the thread runs that has been ready for longest.
 *
 * @param list in the order of the events
 */
record Deviations(List<Deviation> list) {

  /** In a deviation: the running thread gives way. */
  static final int GIVES_WAY = -1;

  /**
   * One difference.
   *
   * @param event the number of the decision, from 1: each point of each thread is one, and each
   *     choice of a thread
   * @param choice the index of the chosen thread, or {@link #GIVES_WAY}
   */
  record Deviation(int event, int choice) {}

  Deviations {
    list = List.copyOf(list);
  }

  /** Without the deviations from one index to before the other one. */
  Deviations without(int from, int to) {
    List<Deviation> rest = new ArrayList<>(list.subList(0, from));
    rest.addAll(list.subList(to, list.size()));
    return new Deviations(rest);
  }

  /** The choices by event. */
  Map<Integer, Integer> byEvent() {
    Map<Integer, Integer> choices = new HashMap<>();
    list.forEach(each -> choices.put(each.event(), each.choice()));
    return choices;
  }
}
