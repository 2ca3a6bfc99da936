package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.List;

/**
 * Takes the elements of several links as they come. Each link that has elements gets its turn: at
 * most as many elements as a link holds by default. A turn costs the same however many links there
 * are.
 */
final class MergeDriver extends Driver {

  private final List<MergeLink> links;
  private final MergeLink.Ready ready;
  private int open;

  MergeDriver(
      PipelineThread thread,
      List<MergeLink> links,
      MergeLink.Ready ready,
      List<ThreadBody> feeders,
      Step next) {
    super(thread, next, feeders);
    this.links = links;
    this.ready = ready;
    this.open = links.size();
  }

  @Override
  void drive() {
    while (!next.done && open > 0) {
      MergeLink link = ready.takeAll();
      if (link == null) {
        await();
      }
      while (link != null && !next.done) {
        MergeLink following = link.unlist();
        take(link);
        link = following;
      }
    }
  }

  private void take(MergeLink link) {
    for (int i = 0; i < Link.CAPACITY && !next.done; i++) {
      Object element = link.pollOrEnd();
      if (element == null) {
        return; // it is listed again with its next element
      }
      if (element == Link.END) {
        if (link.isOverNow()) {
          open--;
        }
        return;
      }
      thread.check();
      next.take(element);
    }
    link.list(); // the other links have their turn first
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
    return !ready.isEmpty();
  }

  @Override
  void release() {
    links.forEach(Link::cancel);
  }
}
