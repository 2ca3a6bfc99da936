package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.ArrayList;
import java.util.List;

/** Takes the elements of several links as they come: the elements that are there, link by link. */
final class MergeDriver extends Driver {

  private final List<Link> links;
  private final List<Link> open;

  MergeDriver(PipelineThread thread, List<Link> links, List<ThreadBody> feeders, Step next) {
    super(thread, next, feeders);
    this.links = links;
    this.open = new ArrayList<>(links);
  }

  @Override
  void drive() {
    while (!next.done && !open.isEmpty()) {
      boolean taken = false;
      for (int i = open.size() - 1; i >= 0; i--) {
        taken |= take(open.get(i), i);
      }
      if (!taken) {
        await();
      }
    }
  }

  /**
   * Takes the elements of one link, but leaves the other links their turn; false if it had none.
   */
  private boolean take(Link link, int index) {
    for (int i = 0; i < Link.CAPACITY && !next.done; i++) {
      Object element = link.pollOrEnd();
      if (element == null) {
        return i > 0;
      }
      if (element == Link.END) {
        open.remove(index);
        return true;
      }
      thread.check();
      next.take(element);
    }
    return true;
  }

  private void await() {
    next.account.waitsForInput();
    try {
      // The producers may fill the links while they run.
      thread.awaitElement(WaitStrategy.YIELD_ONCE, this::isAnyReady);
    } finally {
      next.account.hasInput();
    }
  }

  private boolean isAnyReady() {
    for (Link link : open) {
      if (link.isReady()) {
        return true;
      }
    }
    return false;
  }

  @Override
  void release() {
    links.forEach(Link::cancel);
  }
}
