package dev.millrace.channel;

import java.util.List;

/**
 * The next operation of a torture worker. It tells the queues in which the worker must be found if
 * the operation does not return.
 */
record TortureIntent(String what, Ends ends, List<Place> places) {

  /** The end of the operation if no thread comes to the other side. */
  enum Ends {
    BY_ITSELF,
    NEVER
  }

  /** A place in a queue of a channel. */
  record Place(int channel, boolean sends) {}

  static final TortureIntent NOTHING = new TortureIntent("nothing", Ends.BY_ITSELF, List.of());
  static final TortureIntent FINISHED = new TortureIntent("finished", Ends.NEVER, List.of());

  static TortureIntent endless(String what, int channel, boolean sends) {
    return new TortureIntent(what, Ends.NEVER, List.of(new Place(channel, sends)));
  }

  int count(int channel, boolean sends) {
    int count = 0;
    for (Place place : places) {
      if (place.channel == channel && place.sends == sends) {
        count++;
      }
    }
    return count;
  }
}
