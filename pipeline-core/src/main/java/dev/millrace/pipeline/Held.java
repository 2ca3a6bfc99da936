package dev.millrace.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Claims to the elements that a stage still holds: always the last elements that came in. Not
 * thread-safe.
 */
final class Held {

  private final ArrayDeque<Origin> origins = new ArrayDeque<>();

  /** The number of origins that are not {@link Origin#NONE}. */
  private int real;

  /** Whether no held element has an origin. */
  boolean isEmpty() {
    return real == 0;
  }

  /** The stage has taken another element, and now holds {@code holds} elements. */
  void add(Origin origin, int holds) {
    if (holds > 0) {
      origins.addLast(origin);
      real += origin == Origin.NONE ? 0 : 1;
    } else {
      origin.release(1);
    }
    keep(holds);
  }

  /** The stage now holds {@code holds} elements: releases the claims of the older ones. */
  void keep(int holds) {
    while (origins.size() > holds) {
      Origin first = origins.removeFirst();
      real -= first == Origin.NONE ? 0 : 1;
      first.release(1);
    }
  }

  /** The origins of all elements that the stage holds, with one more claim to each. */
  List<Origin> retained() {
    List<Origin> all = new ArrayList<>(origins);
    all.forEach(origin -> origin.retain(1));
    return all;
  }
}
