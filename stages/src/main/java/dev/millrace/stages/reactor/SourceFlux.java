package dev.millrace.stages.reactor;

import dev.millrace.pipeline.Source;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** A source, and the sequential stages after it, in a thread of their own. */
final class SourceFlux extends Flux<Object> {

  private final Execution execution;
  private final Source<?> source;
  private final List<Stage> stages;

  /**
   * The flux of a source.
   *
   * @param stages the first one stands for the source
   */
  SourceFlux(Execution execution, Source<?> source, List<Stage> stages) {
    this.execution = execution;
    this.source = source;
    this.stages = stages;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var reader = new Reader();
    reader.gate.subscribe(actual);
    execution.workers().execute(reader);
  }

  /** Reads the source. */
  final class Reader implements Runnable {
    private final Section section = new Section(execution.interrupts());
    private final Gate gate = new Gate(execution, new Spot(), section::cancel);

    /** Where it waits for the user's elements; a drain interrupts that and nothing else. */
    private final Section reading = new Section(execution.interrupts());

    /** Stops the reading; what was read goes on. */
    void drain() {
      reading.cancel();
    }

    @Override
    public void run() {
      boolean wanted = section.enter();
      try {
        if (wanted && isWanted()) {
          var chain = new Chain(execution, gate, stages, () -> {});
          if (chain.wantsNone()) {
            chain.endWithoutInput();
          } else {
            readAll(chain);
          }
        }
      } catch (Throwable e) {
        execution.thrown(e, !gate.isCancelled());
      } finally {
        section.leave();
        execution.ended(this);
      }
    }

    private boolean isWanted() {
      return !gate.isCancelled() && !execution.isStopped();
    }

    private void readAll(Chain chain) throws Exception {
      Source.Cursor<?> cursor =
          execution.begin(this) ? reading(() -> source.open(execution.context())) : null;
      if (cursor != null) {
        try {
          read(cursor, chain);
        } finally {
          execution.close(cursor);
        }
      }
      if (!chain.isDone() && isWanted()) {
        chain.end();
      }
    }

    private void read(Source.Cursor<?> cursor, Chain chain) throws Exception {
      Link first = chain.first();
      Callable<? extends @Nullable Object> next = cursor::next;
      for (Object element; !chain.isDone() && (element = reading(next)) != null; ) {
        if (!isWanted()) { // it was read all the same
          first.account().produced();
          return;
        }
        first.emit(element);
      }
    }

    /** Calls a function of the source; null if it is drained. */
    private <V> @Nullable V reading(Callable<? extends @Nullable V> function) throws Exception {
      boolean proceed = reading.enter();
      try {
        return proceed ? function.call() : null;
      } catch (Exception e) {
        if (reading.isCancelled() && isWanted() && Interrupts.areBehind(e)) {
          return null;
        }
        throw e;
      } finally {
        if (reading.leave()) {
          Thread.interrupted(); // that of the drain; whether there was another is looked at next
        }
      }
    }
  }
}
