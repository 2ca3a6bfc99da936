package dev.millrace.stages.internal.channel;

import java.util.List;
import java.util.Objects;

/** Takes the elements of a link. */
final class LinkDriver extends Driver {

  private final Link link;

  LinkDriver(Strand strand, Link link, List<Chain> feeders, Step next) {
    super(strand, next, feeders);
    this.link = link;
  }

  @Override
  void drive() {
    while (!next.done) {
      Object element = Objects.requireNonNull(link.receive(next.account, Link.NEVER));
      if (element == Link.END) {
        return;
      }
      strand.check();
      next.take(element);
    }
  }

  @Override
  void release() {
    link.cancel();
  }
}
