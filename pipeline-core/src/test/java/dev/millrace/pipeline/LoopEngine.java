package dev.millrace.pipeline;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** An engine for tests: one thread, sequential stages only, no ledger. */
final class LoopEngine implements Engine {

  @Override
  public String name() {
    return "loop";
  }

  @Override
  public <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    var run = new LoopRun<>(pipeline, context, onFailure);
    run.thread.start();
    return run;
  }

  /** Leaves the loop; has no cause if the sink wants no more elements. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stopped(@Nullable Throwable cause) {
      super(cause);
    }
  }

  private static final class LoopRun<R extends @Nullable Object> implements Run<R> {
    final Thread thread = Thread.ofVirtual().unstarted(this::run);
    private final Pipeline<R> pipeline;
    private final Context outer;
    private final CancellableContext context;
    private final StageConsumer<? super Failure<?>> onFailure;
    private final CompletableFuture<R> result = new CompletableFuture<>();

    LoopRun(Pipeline<R> pipeline, Context outer, StageConsumer<? super Failure<?>> onFailure) {
      this.pipeline = pipeline;
      this.outer = outer;
      this.context = outer.withCancel();
      this.onFailure = onFailure;
      context.afterFunc(thread::interrupt);
    }

    private void run() {
      try {
        result.complete(context.call(this::loop));
      } catch (Stopped e) {
        fail(Objects.requireNonNull(e.getCause()));
      } catch (Throwable e) {
        fail(e);
      }
    }

    private void fail(Throwable failure) {
      context.cancel(failure);
      result.completeExceptionally(failure);
    }

    private R loop() throws Exception {
      try (Sink.Receiver<Object, R> receiver = pipeline.sink().open(context)) {
        try {
          produce(
              pipeline.node(),
              element -> {
                try {
                  if (!receiver.accept(element)) {
                    throw new Stopped(null);
                  }
                } catch (Stopped e) {
                  throw e;
                } catch (Exception e) {
                  throw new Stopped(e);
                }
              });
        } catch (Stopped e) {
          if (e.getCause() != null) {
            throw e;
          }
        }
        return receiver.finish();
      }
    }

    private void produce(Node<?> node, Emitter<Object> out) throws Exception {
      switch (node) {
        case Node.From<?> from -> {
          try (Source.Cursor<?> cursor = from.source().open(context)) {
            for (Object element; (element = cursor.next()) != null; ) {
              context.throwIfCancelled();
              out.emit(element);
            }
          }
        }
        case Node.Sequential<?, ?> stage -> sequential(stage, out);
        default -> throw new UnsupportedOperationException(node.name());
      }
    }

    @SuppressWarnings("unchecked") // the pipe has checked the types
    private void sequential(Node.Sequential<?, ?> stage, Emitter<Object> out) throws Exception {
      var transform = (Transform<Object, Object>) stage.transform().get();
      produce(
          stage.input(),
          element -> {
            try {
              if (transform.accept(element, out).isLast()) {
                throw new Stopped(null);
              }
            } catch (Stopped e) {
              throw e;
            } catch (Exception e) {
              failed(Failure.of(stage.name(), element, e));
            }
          });
      transform.end(out);
    }

    private void failed(Failure<?> failure) {
      try {
        context.throwIfCancelled();
        onFailure.accept(failure);
      } catch (ExecutionException e) {
        throw new Stopped(e.getCause());
      } catch (Exception e) {
        throw new Stopped(e);
      }
    }

    @Override
    public R join() throws InterruptedException, ExecutionException {
      thread.join();
      outer.throwIfCancelled();
      if (result.isCompletedExceptionally()
          && context.cause() instanceof CancellationException cancelled) {
        throw cancelled;
      }
      return result.get();
    }

    @Override
    public boolean isDone() {
      return !thread.isAlive();
    }

    @Override
    public void cancel(Throwable cause) {
      context.cancel(cause);
    }

    @Override
    public void drain(Duration timeout) {
      throw new UnsupportedOperationException();
    }

    @Override
    public RunReport report() {
      return new Ledger().report();
    }

    @Override
    public void close() {
      context.cancel();
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
