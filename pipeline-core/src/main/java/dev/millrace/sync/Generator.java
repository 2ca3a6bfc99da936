package dev.millrace.sync;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Channels;
import dev.millrace.channel.Producer;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;

/**
 * A {@link Producer} in a virtual thread of its own, and the channel that it sends to. A {@code
 * for} loop, a stream or a select reads the channel; the producer is stopped when reading ends.
 *
 * <pre>{@code
 * try (Stream<Path> walk = Files.walk(root);
 *     Generator<Path> paths = Generator.open(context, Producer.from(walk))) {
 *   for (Path path : paths) {
 *     if (wanted(path)) {
 *       return path; // leaving the block stops the walk, and closes its directories
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>The producer starts at once, in a child of the given context, which is its current context.
 * When the producer returns, its channel is closed. If the producer throws, the channel is closed
 * with that cause: readers get a {@link ChannelClosedException} with the cause after the last
 * element.
 *
 * <p>When the generator is closed or the context is cancelled, the producer's thread is
 * interrupted. The channel is closed with a {@link CancellationException} or with the context's
 * cause. An exception that the producer throws later is not reported.
 *
 * <p>Thread-safe: any number of threads may read, and each element goes to one of them. Unread
 * elements are lost when the generator is closed.
 *
 * @param <T> the type of the elements
 */
public final class Generator<T> implements Iterable<T>, AutoCloseable {

  private final Channel<T> channel;
  private final ReceiveChannel<T> view;
  private final CancellableContext context;
  private final Inside inside = Inside.of(this);
  private final Thread thread;
  private final CancelSource.Listening interruption;

  private Generator(Context parent, int capacity, Producer<? extends T> producer) {
    Objects.requireNonNull(producer, "producer");
    this.channel = Channel.buffered(capacity);
    this.view = channel.receiveOnly();
    this.context = parent.withCancel();
    this.thread = Thread.ofVirtual().name("millrace-generator").unstarted(() -> run(producer));
    this.interruption = CancelSource.listen(context, this::stop);
  }

  /**
   * Starts the producer, with a rendezvous channel: it is never more than one element ahead of its
   * readers. That costs a change of threads per element, about 1 microsecond between virtual
   * threads and 10 microseconds with a platform thread; a capacity of a few dozen spares nearly all
   * of it.
   */
  public static <T> Generator<T> open(Context parent, Producer<? extends T> producer) {
    return open(parent, 0, producer);
  }

  /** Starts the producer; it may be {@code capacity} elements further ahead of its readers. */
  public static <T> Generator<T> open(
      Context parent, int capacity, Producer<? extends T> producer) {
    var generator = new Generator<T>(parent, capacity, producer);
    generator.thread.start();
    return generator;
  }

  private void run(Producer<? extends T> producer) {
    try {
      inside.run(() -> context.run(() -> produce(producer)));
    } finally {
      if (interruption.stop()) { // spare the interrupt of a thread that ends
        context.cancel();
      }
    }
  }

  private void produce(Producer<? extends T> producer) {
    if (context.isCancelled()) { // run the producer all the same, so that it releases its resources
      Thread.currentThread().interrupt();
    }
    Throwable failure = null;
    try {
      producer.produce(channel);
    } catch (Throwable e) {
      failure = e;
    }
    Throwable stopped = context.cause();
    if (stopped != null) {
      channel.close(stopped);
    } else if (failure != null) {
      channel.close(failure);
    } else {
      channel.close();
    }
  }

  private void stop() {
    thread.interrupt();
    // A producer that ignores the interrupt fails with its next send, and the readers need not
    // wait.
    channel.close(Objects.requireNonNull(context.cause()));
  }

  /** The channel that the producer sends to, to be received from; closed when the producer ends. */
  public ReceiveChannel<T> channel() {
    return view;
  }

  /** Takes elements until the producer ends; see {@link ReceiveChannel#iterator()}. */
  @Override
  public Iterator<T> iterator() {
    return channel.iterator();
  }

  /**
   * The elements as a lazy, sequential stream; closing it closes the generator. A stream that ends
   * early ({@code limit}, {@code findFirst}) does not close itself: use it in a try-with-resources
   * statement, or hand it to {@code flatMap}, which closes it.
   */
  public Stream<T> stream() {
    return Channels.stream(channel).onClose(this::close);
  }

  /**
   * Stops the producer and waits until its thread has ended, however long that takes: it ends at
   * its next send, or where it obeys the interrupt. An interrupt does not shorten the wait; it is
   * kept for the caller. The producer may call it too, in its own thread or in a {@link TaskGroup}:
   * then it stops the producer, and returns at once, since it would wait for itself.
   */
  @Override
  public void close() {
    StackReserve.ensureOverContexts();
    boolean unstopped = interruption.stop();
    if (unstopped) {
      context.cancel(new CancellationException("the generator was closed"));
      stop();
    }
    if (!Inside.isIn(this)) {
      awaitEnd();
    }
  }

  private void awaitEnd() {
    Uninterruptibly.await(thread::join);
  }

  /** Says whether the producer runs, and how full its channel is. */
  @Override
  public String toString() {
    return "Generator[%s, %s]".formatted(thread.isAlive() ? "producing" : "ended", channel);
  }
}
