package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.SourceReader;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Takes the elements of a source. */
final class SourceDriver extends Driver {

  /** Reads the source in a pipeline thread. */
  private static final class Reader extends SourceReader {
    private final PipelineThread thread;
    private final Step first;

    Reader(PipelineThread thread, Node.From<?> node, Account account, Step first) {
      super(thread.run, node, account);
      this.thread = thread;
      this.first = first;
    }

    @Override
    protected void forgetInterrupt() {
      thread.forgetInterrupt();
    }

    @Override
    protected void interruptIf(Thread reading, BooleanSupplier condition) {
      thread.interruptIf(reading, condition);
    }

    @Override
    protected @Nullable Chain chain(boolean define) {
      return first.chain(define);
    }

    @Override
    protected void close(AutoCloseable resource, Function<? super Throwable, String> text) {
      thread.close(resource, text);
    }
  }

  private final Reader reader;

  SourceDriver(PipelineThread thread, Node.From<?> node, Account account, Step next) {
    super(thread, next, List.of());
    this.reader = new Reader(thread, node, account, next);
    thread.addSource(reader);
  }

  @Override
  void drive() {
    reader.readAll(thread, next, next.decisive());
  }

  @Override
  void release() {
    reader.release();
  }
}
