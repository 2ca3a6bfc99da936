package dev.millrace.stages.internal.channel;

import dev.millrace.stages.internal.Crew;
import java.util.List;

/** Takes the results of the workers of a parallel stage. */
final class CrewDriver extends Driver {

  private final Crew crew;
  private final Patience patience;

  CrewDriver(Strand strand, Crew crew, List<Chain> feeders, Step next) {
    super(strand, next, feeders);
    this.crew = crew;
    this.patience = new Patience(strand.threads, crew::isReady);
  }

  @Override
  void drive() {
    while (!next.done) {
      Object result = crew.poll();
      if (result != null) {
        strand.check();
        next.take(result);
      } else if (crew.isExhausted()) {
        return;
      } else {
        await();
      }
    }
  }

  private void await() {
    next.account.waitsForInput();
    patience.await();
    try {
      while (true) {
        strand.awaitsElement = true;
        if (!crew.awaitsResult()) {
          return;
        }
        strand.parkForElement();
      }
    } finally {
      strand.awaitsElement = false;
      crew.hasResult();
      next.account.hasInput();
    }
  }

  @Override
  void release() {
    crew.finish();
  }
}
