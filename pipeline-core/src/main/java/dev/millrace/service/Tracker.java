package dev.millrace.service;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Select;
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
 * Takes events from many threads, and writes them in one thread, in the background: an asynchronous
 * log, an audit trail, metrics that are sent away.
 *
 * <pre>{@code
 * try (var log = Tracker.open(Channel.<String>dropOldest(1_000), 100, file::append)) {
 *   log.event("started", context);
 * } // writes the rest
 * }</pre>
 *
 * <p>The number of events that wait is bounded by the channel, and so is the memory. The channel
 * also says what happens when it is full: {@link Channel#buffered} lets callers wait, {@link
 * Channel#dropNewest} and {@link Channel#dropOldest} drop and count. The writer gets everything
 * that waits at once, up to a maximum, so that a slow disk or network costs one call per batch.
 *
 * <p>A batch that the writer fails on is counted, handed to the handler of failures, and not
 * repeated; a writer that wants to repeat does so itself. An {@link Error} ends the tracker: later
 * events are refused with it.
 *
 * <p>{@link #shutdown} takes no more events, writes the rest until its deadline, and counts the
 * lost events. Nothing is lost silently: the {@link #report} counts every event.
 *
 * <p>Thread-safe. An event costs a send to a channel. One virtual thread runs until the shutdown.
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

  /** Events whose call has returned, including events that the channel has dropped. */
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
      throw new IllegalArgumentException(
          "a batch has at least 1 event, but is to have " + maxBatch);
    }
    this.events = Objects.requireNonNull(events, "events");
    this.maxBatch = maxBatch;
    this.writer = Objects.requireNonNull(writer, "writer");
    this.onFailure = Objects.requireNonNull(onFailure, "onFailure");
    this.thread = Thread.ofVirtual().name("millrace-tracker").unstarted(this::run);
  }

  /** A tracker that only counts failures of its writer. */
  public static <E> Tracker<E> open(
      Channel<E> events, int maxBatch, BatchWriter<? super E> writer) {
    return open(events, maxBatch, writer, (batch, failure) -> {});
  }

  /**
   * Starts a tracker.
   *
   * @param events a new channel, which belongs to the tracker from now on
   * @param maxBatch how many events the writer gets at once, at the most; at least 1
   * @param onFailure receives the events that were not written, and the exception; in the thread of
   *     the writer. Exceptions of the handler are ignored
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
   * Tracks an event. Blocks while the channel is full, if it is one that waits.
   *
   * @throws CancellationException if the cancellation comes first; the event is not tracked
   * @throws InterruptedException if the thread is interrupted first; the event is not tracked
   * @throws ChannelClosedException after the shutdown; the event is not tracked. The cause is the
   *     {@link Error} of the writer, if that has ended the tracker
   * @throws IllegalStateException if the writer itself tracks an event, and would wait for itself
   */
  public void event(E event, Cancellation cancellation) throws InterruptedException {
    cancellation.throwIfCancelled();
    if (Thread.currentThread() == thread) {
      if (!events.trySend(event)) {
        throw new IllegalStateException(
            "the tracker is full, and its writer would wait for itself: track by tryEvent there");
      }
    } else {
      events.send(event, cancellation);
    }
    accepted.increment();
  }

  /**
   * Tracks an event without waiting.
   *
   * @return false if it is not tracked: the channel is full and is one that waits, or the tracker
   *     is shut down
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
      // Abandoned: nobody else knows this thread while it waits here.
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

  /** All that waits, up to the maximum; null if the shutdown has given up. */
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

  /** Null if none waits, whatever the reason. */
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
    var _ = Thread.interrupted(); // left behind by the writer
    if (failure != null) {
      try {
        onFailure.accept(batch, failure);
      } catch (RuntimeException e) {
        // A handler must not end the tracker.
      }
    }
  }

  /** The counts of all events whose call has returned by now. */
  public synchronized TrackerReport report() {
    long dropped = events.dropped();
    long unwritten = accepted.sum() - dropped - written - failed;
    return new TrackerReport(written, failed, dropped, Math.max(0, unwritten));
  }

  /**
   * Takes no more events, and waits until the rest is written, or {@code context} is done. Then the
   * writer is interrupted, and not waited for. Callers that wait for room are refused. May be
   * called again, and then waits or reports as well.
   *
   * @return the counts of all events; a deadline that has passed is no exception
   * @throws InterruptedException if the thread is interrupted; the writer goes on
   * @throws IllegalStateException if the writer calls it: it would wait for itself
   */
  public TrackerReport shutdown(Context context) throws InterruptedException {
    if (Thread.currentThread() == thread) {
      throw new IllegalStateException(
          "shutdown(…) waits for the writer, which has called this: call it in another thread");
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
   * {@link #shutdown} without a deadline. An interrupt does not shorten it; it is kept for the
   * caller. Use {@code shutdown} for the report.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    while (true) {
      try {
        var _ = shutdown(Context.background());
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says how many events wait. */
  @Override
  public String toString() {
    return "Tracker[%s, %s]".formatted(events, report());
  }
}
