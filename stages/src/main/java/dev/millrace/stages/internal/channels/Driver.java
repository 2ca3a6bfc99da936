package dev.millrace.stages.internal.channels;

import java.util.List;

/**
 * The source of the elements of a thread's steps: an input, a link, a pool. Used by that thread.
 */
abstract class Driver {

  final PipelineThread thread;

  /** The step that takes the elements. */
  final Step next;

  /** The threads whose elements it takes. */
  private final List<ThreadBody> feeders;

  private boolean fed;

  Driver(PipelineThread thread, Step next, List<ThreadBody> feeders) {
    this.thread = thread;
    this.next = next;
    this.feeders = feeders;
  }

  /** Starts the feeders, and pushes elements until there are no more, or the next step is done. */
  final void run() throws Exception {
    fed = true;
    feeders.forEach(feeder -> feeder.thread().start(feeder));
    drive();
  }

  /**
   * Stops the feeders that have not ended; called once, whatever has happened. If a driver never
   * ran, its feeders never run either. So this call closes them: a lane that stayed open would hold
   * up the other lanes.
   */
  final void close() {
    release();
    if (!fed) {
      feeders.forEach(feeder -> feeder.driver().close());
    }
  }

  /** Pushes elements until there are no more, or the next step is done. */
  abstract void drive() throws Exception;

  /** Releases the inputs. */
  abstract void release();
}
