package dev.millrace.service;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Select;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.context.Context;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes events from many threads, and writes them in one background thread: for an asynchronous
 * log, an audit trail, or metrics that are sent to another system.
 *
 * <pre>{@code
 * try (var log = Tracker.open(Channel.<String>dropOldest(1_000), 100, file::append)) {
 *   log.event("started", context);
 * } // writes the waiting events
 * }</pre>
 *
 * <p>The channel bounds the number of waiting events. When the channel is full, its kind decides:
 * with {@link Channel#buffered} callers wait; {@link Channel#dropNewest} and {@link
 * Channel#dropOldest} drop events and count them. The writer gets all waiting events in one call,
 * up to a maximum. So a slow disk or network costs one call per batch.
 *
 * <p>If the writer throws for a batch, the batch is counted as failed and given to the failure
 * handler. The tracker does not retry it; a writer can retry by itself. An {@link Error} ends the
 * tracker: later events are refused, with the error as the cause.
 *
 * <p>{@link #shutdown} takes no more events, writes the waiting ones until its deadline, and
 * reports the lost ones. No event is lost silently: the {@link #report} counts every event.
 *
 * <p>Thread-safe. Cost: one send to a channel for each event, and one virtual thread until the
 * shutdown.
 *
 * @param <E> the type of the events
 */
public final class Tracker<E> implements AutoCloseable {

  private final Channel<E> events;
  private final int maxBatch;
  private final BatchWriter<? super E> writer;
  private final BiConsumer<? super List<E>, ? super Exception> onFailure;
  private final Channel<Void> ended = Channel.rendezvous();
  private final Thread thread;

  /**
   * The number of events whose call has returned, including the events that the channel has
   * dropped.
   */
  private final LongAdder accepted = new LongAdder();

  // Guarded by this.
  private long written;
  private long failed;
  private boolean abandoned;

  private Tracker(
      Channel<E> events,
      int maxBatch,
      BatchWriter<? super E> writer,
      BiConsumer<? super List<E>, ? super Exception> onFailure) {
    if (maxBatch < 1) {
      throw new IllegalArgumentException("maxBatch must be at least 1, but is " + maxBatch);
    }
    this.events = Objects.requireNonNull(events, "events");
    this.maxBatch = maxBatch;
    this.writer = Objects.requireNonNull(writer, "writer");
    this.onFailure = Objects.requireNonNull(onFailure, "onFailure");
    this.thread = Thread.ofVirtual().name("millrace-tracker").unstarted(this::run);
  }

  /** Starts a tracker without a failure handler: failures of the writer are only counted. */
  public static <E> Tracker<E> open(
      Channel<E> events, int maxBatch, BatchWriter<? super E> writer) {
    return open(events, maxBatch, writer, (batch, failure) -> {});
  }

  /**
   * Starts a tracker. Does not block.
   *
   * @param events a new channel, which belongs to the tracker from now on
   * @param maxBatch the maximum number of events in one call of the writer; at least 1
   * @param onFailure receives the events that were not written and the exception, in the writer's
   *     thread. Its {@link RuntimeException}s are ignored
   * @throws IllegalArgumentException if {@code maxBatch} is less than 1
   */
  public static <E> Tracker<E> open(
      Channel<E> events,
      int maxBatch,
      BatchWriter<? super E> writer,
      BiConsumer<? super List<E>, ? super Exception> onFailure) {
    var tracker = new Tracker<E>(events, maxBatch, writer, onFailure);
    tracker.thread.start();
    return tracker;
  }

  /**
   * Tracks an event. If the channel does not drop events, this blocks while the channel is full.
   *
   * @throws CancellationException if {@code cancellation} is cancelled first; the event is not
   *     tracked
   * @throws InterruptedException if the thread is interrupted first; the event is not tracked
   * @throws ChannelClosedException after the shutdown; the event is not tracked. If an {@link
   *     Error} of the writer has ended the tracker, that error is the cause
   * @throws IllegalStateException if the writer itself tracks an event and the channel is full: the
   *     writer would wait for itself
   */
  public void event(E event, Cancellation cancellation) throws InterruptedException {
    cancellation.throwIfCancelled();
    if (Thread.currentThread() == thread) {
      if (!events.trySend(event)) {
        throw new IllegalStateException(
            "the tracker is full, and its writer would wait for itself: use tryEvent in the"
                + " writer");
      }
    } else {
      events.send(event, cancellation);
    }
    accepted.increment();
  }

  /**
   * Tracks an event without waiting.
   *
   * @return false if the event is not tracked: the channel is full and does not drop events, or the
   *     tracker is shut down
   */
  public boolean tryEvent(E event) {
    boolean sent;
    try {
      sent = events.trySend(event);
    } catch (ChannelClosedException e) {
      return false;
    }
    if (sent) {
      accepted.increment();
    }
    return sent;
  }

  private void run() {
    Throwable end = null;
    try {
      for (E event; (event = events.receiveOrNull()) != null; ) {
        List<E> batch = take(event);
        if (batch == null) {
          return; // abandoned
        }
        write(batch);
      }
    } catch (InterruptedException e) {
      // Abandoned: while this thread waits here, only a shutdown can interrupt it.
    } catch (Throwable e) {
      end = e;
    } finally {
      if (end == null) {
        events.close();
      } else {
        events.close(end);
      }
      ended.close();
    }
  }

  /** All waiting events, up to the maximum; null if the deadline of a shutdown has passed. */
  private synchronized @Nullable List<E> take(E first) {
    if (abandoned) {
      return null;
    }
    List<E> batch = new ArrayList<>();
    batch.add(first);
    while (batch.size() < maxBatch) {
      E next = tryTake();
      if (next == null) {
        break;
      }
      batch.add(next);
    }
    return Collections.unmodifiableList(batch);
  }

  /** The next event; null if no event waits, or the channel is closed. */
  private @Nullable E tryTake() {
    try {
      return events.tryReceive();
    } catch (ChannelClosedException e) {
      return null;
    }
  }

  private void write(List<E> batch) {
    Exception failure = null;
    try {
      writer.write(Collections.unmodifiableList(batch));
    } catch (Exception e) {
      failure = e;
    }
    synchronized (this) {
      if (abandoned) {
        return; // reported as unwritten already
      }
      written += failure == null ? batch.size() : 0;
      failed += failure == null ? 0 : batch.size();
    }
    var _ = Thread.interrupted(); // clears an interrupt that the writer has left
    if (failure != null) {
      try {
        onFailure.accept(batch, failure);
      } catch (RuntimeException e) {
        // A handler must not end the tracker.
      }
    }
  }

  /**
   * The counts of all events whose call has returned by now. Does not block for long: it never
   * waits for the writer.
   */
  public synchronized TrackerReport report() {
    long dropped = events.dropped();
    long unwritten = accepted.sum() - dropped - written - failed;
    return new TrackerReport(written, failed, dropped, Math.max(0, unwritten));
  }

  /**
   * Takes no more events, and blocks until the waiting events are written or {@code context} is
   * cancelled. In the second case it interrupts the writer, and returns without waiting for it.
   * Callers that wait for room in {@link #event} are refused. It may be called again: it then waits
   * and reports in the same way.
   *
   * @return the counts of all events; a deadline that has passed is not reported as an exception
   * @throws InterruptedException if the thread is interrupted; the writer goes on
   * @throws IllegalStateException if the writer calls this method: the writer would wait for itself
   */
  public TrackerReport shutdown(Context context) throws InterruptedException {
    if (Thread.currentThread() == thread) {
      throw new IllegalStateException(
          "the writer has called shutdown, which waits for the writer: call it in another thread");
    }
    events.close();
    boolean inTime =
        new Select<Boolean>()
            .onReceive(ended, never -> true, () -> true)
            .onDone(context, () -> false)
            .biased()
            .select();
    if (!inTime) {
      synchronized (this) {
        abandoned = true;
      }
      thread.interrupt();
    }
    return report();
  }

  /**
   * Like {@link #shutdown} without a deadline; use {@code shutdown} for the report. Blocks. An
   * interrupt does not shorten the wait; the interrupt flag is set again at the end.
   */
  @Override
  public void close() {
    Uninterruptibly.await(
        () -> {
          var _ = shutdown(Context.background());
        });
  }

  /** A text with the counts. */
  @Override
  public String toString() {
    return "Tracker[%s, %s]".formatted(events, report());
  }
}
