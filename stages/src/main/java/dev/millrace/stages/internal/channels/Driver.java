package dev.millrace.stages.internal.channels;

import java.util.List;

/** Where the elements of a thread's chain come from; used by that thread. */
abstract class Driver {

  final PipelineThread thread;

  /** What takes the elements. */
  final Step next;

  /** The chains, in threads of their own, whose elements it takes. */
  private final List<ThreadBody> feeders;

  private boolean fed;

  Driver(PipelineThread thread, Step next, List<ThreadBody> feeders) {
    this.thread = thread;
    this.next = next;
    this.feeders = feeders;
  }

  /** Starts what feeds it, and pushes elements until there are no more, or no more are wanted. */
  final void run() throws Exception {
    fed = true;
    feeders.forEach(feeder -> feeder.thread().start(feeder));
    drive();
  }

  /**
   * Stops what feeds it, if it has not ended; called once, whatever has happened. If it was never
   * run then what would have fed it never will be, and is closed in its place: a lane among it that
   * stayed open would hold up the other lanes.
   */
  final void close() {
    release();
    if (!fed) {
      feeders.forEach(feeder -> feeder.driver().close());
    }
  }

  /** Pushes elements until there are no more, or no more are wanted. */
  abstract void drive() throws Exception;

  /** Lets go of what it takes its elements from. */
  abstract void release();
}
