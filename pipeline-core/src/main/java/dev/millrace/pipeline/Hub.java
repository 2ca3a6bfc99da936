package dev.millrace.pipeline;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Node.Overflow;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Shares the elements of one run with other runs, which may come and go. Late runs get the latest
 * elements first.
 *
 * <pre>{@code
 * Hub<Quote> hub = Hub.of(10, 64, Overflow.DROP_OLDEST);
 * Pipe.from(quotes).to(hub.sink()).start(engine, context);
 * Pipe.from(hub.source()).to(Sink.forEach(this::show)).start(engine, context);
 * }</pre>
 *
 * <p>Each source gets up to {@code replay} elements that were published before it was opened, and
 * then all later ones, in their order. Up to {@code capacity} elements wait for each source. When
 * they are full, {@link Overflow} decides: {@code WAIT} makes the sink wait, so the slowest run
 * sets the speed; the others drop elements of that source only. A run that ends leaves the hub.
 * Without sources, the elements are replayed or forgotten.
 *
 * <p>The hub ends with the run of its sink: then the sources end, or fail with the same cause. A
 * source that is opened later gets the replayed elements and the end. A hub takes the elements of
 * one run at a time; another run may follow only if the hub has not ended.
 *
 * <p>An element is settled for the run of the sink when it is published: the hub holds it in
 * memory, and a crash loses it. Thread-safe. Publishing costs a send for each source.
 *
 * @param <T> the type of the elements
 */
public final class Hub<T> {

  private final int replay;
  private final int capacity;
  private final Overflow overflow;
  private final Deque<T> latest = new ArrayDeque<>(); // guarded by this
  private final List<Channel<T>> subscribers = new ArrayList<>(); // guarded by this
  private boolean isEnded; // guarded by this
  private @Nullable Throwable cause; // guarded by this

  private Hub(int replay, int capacity, Overflow overflow) {
    this.replay = replay;
    this.capacity = capacity;
    this.overflow = overflow;
  }

  /**
   * A hub without elements.
   *
   * @param replay the number of elements that a late source gets; may be 0
   * @param capacity the number of elements that wait for each source, beside the replayed ones; at
   *     least 1
   * @throws IllegalArgumentException for a number out of range
   */
  public static <T> Hub<T> of(int replay, int capacity, Overflow overflow) {
    Pipe.atLeast(0, replay, "the number of elements to replay");
    Pipe.atLeast(1, capacity, "the capacity for a source");
    return new Hub<>(replay, capacity, Objects.requireNonNull(overflow, "overflow"));
  }

  /** The number of sources that are open. */
  public synchronized int subscribers() {
    return subscribers.size();
  }

  /**
   * Publishes the elements of a run. The result is their number. If the run ends early, the hub
   * ends with its cause.
   */
  public Sink<T, Long> sink() {
    return Publishing::new;
  }

  /** The replayed elements, and then the elements that are published from then on. */
  public Source<T> source() {
    return (IndependentSource<T>) this::subscribe;
  }

  private synchronized Source.Cursor<T> subscribe(Context context) {
    Channel<T> channel =
        switch (overflow) {
          case WAIT -> Channel.buffered(capacity);
          case DROP_NEWEST -> Channel.dropNewest(capacity);
          case DROP_OLDEST -> Channel.dropOldest(capacity);
        };
    var replayed = new ArrayDeque<T>(latest);
    if (isEnded) {
      close(channel);
    } else {
      subscribers.add(channel);
    }
    return new Source.Cursor<>() {
      @Override
      public @Nullable T next() throws Exception {
        T first = replayed.poll();
        return first != null ? first : channel.receiveOrNull();
      }

      @Override
      public void close() {
        leave(channel);
      }
    };
  }

  private synchronized void leave(Channel<T> channel) {
    subscribers.remove(channel);
    channel.close();
  }

  private void close(Channel<T> channel) {
    Throwable why = cause;
    if (why == null) {
      channel.close();
    } else {
      channel.close(why);
    }
  }

  private void publish(T element) throws InterruptedException {
    List<Channel<T>> all;
    synchronized (this) {
      if (replay > 0) {
        if (latest.size() == replay) {
          latest.removeFirst();
        }
        latest.addLast(element);
      }
      all = List.copyOf(subscribers);
    }
    for (Channel<T> each : all) {
      try {
        each.send(element);
      } catch (ChannelClosedException e) {
        // its run has ended meanwhile
      }
    }
  }

  private synchronized void end(@Nullable Throwable why) {
    isEnded = true;
    cause = why;
    subscribers.forEach(this::close);
    subscribers.clear();
  }

  private final class Publishing implements Sink.Receiver<T, Long> {
    private final Context context;
    private long count;
    private boolean isFinished;

    Publishing(Context context) {
      this.context = context;
    }

    @Override
    public boolean accept(T element) throws InterruptedException {
      publish(element);
      count++;
      return true;
    }

    @Override
    public Long finish() {
      isFinished = true;
      end(null);
      return count;
    }

    @Override
    public void close() {
      if (!isFinished) {
        end(context.cause());
      }
    }
  }
}
