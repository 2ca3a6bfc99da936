package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.graph.Account;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads a source until it ends, or is drained. */
final class SourceReader {

  private final ReferenceRun<?> run;
  private final Source<?> source;
  private final Account account;
  private final Link output;
  private @Nullable Thread reading;
  private boolean isDrained;

  SourceReader(ReferenceRun<?> run, Source<?> source, Account account, Link output) {
    this.run = run;
    this.source = source;
    this.account = account;
    this.output = output;
  }

  void read(Worker worker) throws Exception {
    Source.Cursor<?> cursor = null;
    try {
      worker.check();
      if (!run.begin(this) || !enter()) {
        return;
      }
      try {
        cursor = Objects.requireNonNull(source.open(run.context), "the source has opened null");
      } finally {
        leave();
      }
      for (Object element; (element = next(cursor)) != null; ) {
        account.produced();
        if (!output.put(worker, element, account)) {
          return;
        }
        worker.check();
      }
    } catch (Exception e) {
      if (!run.isDrainedBy(e)) {
        throw e;
      }
    } finally {
      if (!run.has(Defect.INTERRUPTS_CLOSING)) {
        worker.shield();
      } else if (worker.isStopped()) {
        Thread.currentThread().interrupt();
      }
      if (cursor != null && !run.has(Defect.LEAVES_SOURCES_OPEN)) {
        close(cursor);
      }
      if (cursor != null && run.has(Defect.CLOSES_SOURCES_TWICE)) {
        close(cursor);
      }
    }
  }

  private void close(Source.Cursor<?> cursor) {
    try {
      cursor.close();
    } catch (Throwable e) {
      run.fail(e);
    }
  }

  private @Nullable Object next(Source.Cursor<?> cursor) throws Exception {
    if (!enter()) {
      return null;
    }
    try {
      return cursor.next();
    } finally {
      leave();
    }
  }

  private synchronized boolean enter() {
    reading = Thread.currentThread();
    return !isDrained;
  }

  private synchronized void leave() {
    reading = null;
    if (isDrained) {
      Thread.interrupted(); // it was for the source
    }
  }

  synchronized void drain() {
    isDrained = true;
    if (reading != null) {
      reading.interrupt();
    }
  }
}
