package dev.millrace.testkit.conformance;

import dev.millrace.errors.Descriptions;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.ledger.Account;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads a source until it ends, or is drained. */
final class SourceReader {

  private final ReferenceRun<?> run;
  private final Node.From<?> node;
  private final Source<?> source;
  private final Account account;
  private final Link output;
  private @Nullable Thread reading;
  private boolean isDrained;

  SourceReader(ReferenceRun<?> run, Node.From<?> node, Account account, Link output) {
    this.run = run;
    this.node = node;
    this.source = node.source();
    this.account = account;
    this.output = output;
  }

  void read(Worker worker) throws Exception {
    Source.Cursor<?> cursor = null;
    String place = "when it was opened";
    int given = 0;
    try {
      worker.check();
      if (!run.begin(this) || !enter()) {
        return;
      }
      try {
        cursor = Objects.requireNonNull(source.open(run.context), "the source has opened null");
      } finally {
        leave(worker);
      }
      place = after(0);
      for (Object element; (element = next(worker, cursor)) != null; ) {
        place = after(++given);
        account.produced();
        if (!output.put(worker, element, account)) {
          return;
        }
        worker.check();
      }
    } catch (Stopped e) {
      throw e;
    } catch (Throwable e) {
      if (worker.isStopped() && e instanceof Exception) {
        throw e;
      }
      if (!(e instanceof Exception exception) || !run.isDrainedBy(exception)) {
        run.sourceFailed(
            e,
            source.onFailure(),
            "source '%s' failed %s: %s".formatted(node.name(), place, Descriptions.ofCause(e)));
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

  private static String after(int given) {
    return "after %d %s".formatted(given, given == 1 ? "element" : "elements");
  }

  private void close(Source.Cursor<?> cursor) {
    try {
      cursor.close();
    } catch (Throwable e) {
      run.fail(
          e,
          "source '%s' failed when it was closed: %s"
              .formatted(node.name(), Descriptions.ofCause(e)));
    }
  }

  private @Nullable Object next(Worker worker, Source.Cursor<?> cursor) throws Exception {
    if (!enter()) {
      return null;
    }
    try {
      return cursor.next();
    } finally {
      leave(worker);
    }
  }

  private synchronized boolean enter() {
    reading = Thread.currentThread();
    return !isDrained;
  }

  private synchronized void leave(Worker worker) {
    reading = null;
    worker.endCall();
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
