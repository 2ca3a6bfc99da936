package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.wait.Signal;
import java.util.List;
import java.util.Objects;

/** Takes the elements of a link. */
final class LinkDriver extends Driver {

  private final Link link;

  LinkDriver(PipelineThread thread, Link link, List<ThreadBody> feeders, Step next) {
    super(thread, next, feeders);
    this.link = link;
  }

  @Override
  void drive() {
    while (!next.done) {
      Object element = Objects.requireNonNull(link.receive(next.account, Signal.NEVER));
      if (element == Link.END) {
        return;
      }
      thread.check();
      next.take(element);
    }
  }

  @Override
  void release() {
    link.cancel();
  }
}
