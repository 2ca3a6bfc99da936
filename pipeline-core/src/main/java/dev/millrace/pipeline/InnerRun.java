package dev.millrace.pipeline;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a pipe, by a run of its own, for one element of another run. Not thread-safe.
 *
 * <p>A thread waits for the end of the inner run, and then closes the channel of its elements. So
 * the reader sees the end only when no other thread of the inner run is alive, however it has
 * ended.
 */
final class InnerRun<T> implements Iterator<T>, AutoCloseable {

  /** The number of elements that may wait for the outer run. */
  private static final int AHEAD = 16;

  private final Channel<T> channel;
  private final Run<?> run;
  private final Thread keeper;
  private @Nullable T next;

  /** Written by {@link #cancel}; read by the thread of the iterator. */
  private volatile boolean isCancelled;

  private InnerRun(Channel<T> channel, Run<?> run) {
    this.channel = channel;
    this.run = run;
    this.keeper = Thread.ofVirtual().name("millrace-inner").start(() -> keep(run, channel));
  }

  /**
   * Starts a run of the pipe.
   *
   * @throws IllegalArgumentException if a source of the pipe settles: its elements would be settled
   *     before their reader has processed them
   */
  static <T> InnerRun<T> start(Pipe<T> pipe, Engine engine, Context context) {
    Channel<T> channel = Channel.buffered(AHEAD);
    Pipeline<Long> pipeline = pipe.to(Sink.forEach(channel::send));
    if (Lift.settles(pipeline.node())) {
      throw new IllegalArgumentException(
          "a pipe whose elements are pulled has a settling source: its elements would be settled"
              + " before their reader has processed them");
    }
    return new InnerRun<>(channel, pipeline.start(engine, context));
  }

  private static void keep(Run<?> run, Channel<?> channel) {
    Throwable failure = null;
    try {
      run.join();
    } catch (ExecutionException e) {
      failure = Objects.requireNonNullElse(e.getCause(), e);
    } catch (Throwable e) {
      failure = e;
    }
    if (failure == null) {
      channel.close();
    } else {
      channel.close(failure);
    }
  }

  /**
   * Ends the iteration early, without an exception: no further element is taken. Does not wait. May
   * be called by any thread.
   */
  void cancel() {
    isCancelled = true;
    run.cancel(new CancellationException("a newer element has come"));
  }

  @Override
  public boolean hasNext() {
    if (next == null && !isCancelled) {
      try {
        next = channel.receiveOrNull();
      } catch (ChannelClosedException e) {
        if (isCancelled) {
          return false;
        }
        throw InnerRun.<RuntimeException>unchecked(Objects.requireNonNull(e.getCause()));
      } catch (InterruptedException e) {
        throw InnerRun.<RuntimeException>unchecked(e);
      }
    }
    return next != null && !isCancelled;
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    T element = Transforms.result(next);
    next = null;
    return element;
  }

  /** The stage that reads this iterator expects any exception of a function. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> RuntimeException unchecked(Throwable thrown) throws X {
    throw (X) thrown;
  }

  /** Ends the inner run, and waits for all its threads. Ignores interrupts while it waits. */
  @Override
  public void close() {
    run.close();
    boolean interrupted = false;
    while (keeper.isAlive()) {
      try {
        keeper.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
