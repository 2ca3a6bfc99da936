package dev.millrace.stages.internal.channel;

import dev.millrace.stages.internal.Crew;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes the results of the workers of a parallel stage. */
final class CrewDriver extends Driver {

  private final Crew crew;

  CrewDriver(Strand strand, Crew crew, List<Chain> feeders, Step next) {
    super(strand, next, feeders);
    this.crew = crew;
  }

  @Override
  void drive() {
    var results = new ArrayDeque<Object>();
    while (!next.done) {
      ArrayDeque<Object> taken = crew.takeResults(results);
      if (taken != null && taken.isEmpty()) {
        taken = await(taken);
      }
      if (taken == null) {
        return;
      }
      results = taken;
      for (Object result; !next.done && (result = results.poll()) != null; ) {
        strand.check();
        next.take(result);
      }
    }
  }

  private @Nullable ArrayDeque<Object> await(ArrayDeque<Object> empty) {
    ArrayDeque<Object> results = empty;
    next.account.waitsForInput();
    Thread.yield(); // results may come meanwhile
    try {
      while (true) {
        strand.awaitsElement = true;
        VarHandle.fullFence();
        results = crew.takeResults(results);
        if (results == null || !results.isEmpty()) {
          return results;
        }
        strand.parkForElement();
      }
    } finally {
      strand.awaitsElement = false;
      next.account.hasInput();
    }
  }

  @Override
  void release() {
    crew.finish();
  }
}
