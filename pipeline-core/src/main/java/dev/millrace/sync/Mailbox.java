package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Select;
import dev.millrace.channel.SendChannel;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An actor: a channel of messages, and one virtual thread that handles them one after the other.
 * The state of the handler needs no lock.
 *
 * <pre>{@code
 * sealed interface Message {
 *   record Deposit(long cents) implements Message {}
 *   record Balance(SendChannel<Long> reply) implements Message {}
 * }
 *
 * try (var account = Mailbox.<Message>open(context, 16, new Account()::handle)) {
 *   account.tell(new Deposit(100), context);
 *   long cents = account.ask(Balance::new, context);
 * }
 * }</pre>
 *
 * <p>Unlike the mailbox of most actor systems it is bounded: a caller waits while it is full. It
 * ends when it is closed, after the messages that it has; when its context is cancelled, at once;
 * and when the handler throws. Then later messages are refused with that exception, callers that
 * wait for a reply are freed, and the messages that were not handled are dropped.
 *
 * <p>The handler runs in a child of the given context, which is its current context. A handler that
 * sends to its own mailbox does not wait for itself: it is refused if the mailbox is full.
 *
 * <p>Thread-safe. Two messages of one thread are handled in their order. A message costs a change
 * of threads.
 *
 * @param <M> the type of the messages
 */
public final class Mailbox<M> implements AutoCloseable {

  /**
   * Handles messages, in one thread.
   *
   * @param <M> the type of the messages
   */
  @FunctionalInterface
  public interface Handler<M> {
    /** Handles a message; an exception ends the mailbox. */
    void handle(M message) throws Exception;
  }

  private final Channel<M> messages;
  private final Channel<Void> ended = Channel.rendezvous();
  private final CancellableContext context;
  private final Inside inside = Inside.of(this);
  private final Thread thread;
  private final CancelSource.Listening interruption;
  private volatile @Nullable Throwable failure;

  private Mailbox(Context parent, int capacity, Handler<? super M> handler) {
    Objects.requireNonNull(handler, "handler");
    this.messages = Channel.buffered(capacity);
    this.context = parent.withCancel();
    this.thread = Thread.ofVirtual().name("millrace-mailbox").unstarted(() -> run(handler));
    this.interruption = CancelSource.listen(context, this::stop);
  }

  /**
   * Starts the thread.
   *
   * @param capacity how many messages may wait; 0 for none: then a caller waits until its message
   *     is taken
   */
  public static <M> Mailbox<M> open(Context parent, int capacity, Handler<? super M> handler) {
    var mailbox = new Mailbox<M>(parent, capacity, handler);
    mailbox.thread.start();
    return mailbox;
  }

  private void run(Handler<? super M> handler) {
    try {
      inside.run(() -> context.run(() -> handleAll(handler)));
    } finally {
      if (interruption.stop()) { // spare the interrupt of a thread that ends
        context.cancel();
      }
      ended.close();
    }
  }

  private void handleAll(Handler<? super M> handler) {
    try {
      for (M message; (message = messages.receiveOrNull(context)) != null; ) {
        handler.handle(message);
      }
    } catch (Throwable e) {
      Throwable cause = context.cause();
      failure = cause == null ? e : null;
      messages.close(cause == null ? e : cause);
    }
  }

  private void stop() {
    messages.close(Objects.requireNonNull(context.cause()));
    thread.interrupt();
  }

  /**
   * Sends a message. Blocks while the mailbox is full.
   *
   * @throws CancellationException if the cancellation comes first; the message is not sent
   * @throws InterruptedException if the thread is interrupted first; the message is not sent
   * @throws ChannelClosedException if the mailbox has ended; with the exception of the handler, or
   *     the cause of the context
   * @throws IllegalStateException if the handler itself sends, and the mailbox is full
   */
  public void tell(M message, Cancellation cancellation) throws InterruptedException {
    cancellation.throwIfCancelled();
    if (!Inside.isIn(this)) {
      messages.send(message, cancellation);
    } else if (!messages.trySend(message)) {
      throw new IllegalStateException(
          "the mailbox is full, and its handler would wait for itself: use tryTell there");
    }
  }

  /**
   * Sends a message without waiting.
   *
   * @return false if the mailbox is full or has ended
   */
  public boolean tryTell(M message) {
    try {
      return messages.trySend(message);
    } catch (ChannelClosedException e) {
      return false;
    }
  }

  /**
   * Sends a message, and waits for the reply.
   *
   * @param message makes the message from the channel to which the handler sends the reply, once.
   *     The handler never waits there. It may close the channel with a cause instead
   * @throws CancellationException if the cancellation comes first; the message may still be handled
   * @throws InterruptedException if the thread is interrupted first; the message may still be
   *     handled
   * @throws ChannelClosedException if the mailbox ends without a reply, or the handler closes the
   *     reply; with the cause
   * @throws IllegalStateException if the handler itself asks: it would wait for itself
   */
  public <R> R ask(Function<? super SendChannel<R>, ? extends M> message, Cancellation cancellation)
      throws InterruptedException {
    Inside.refuse(this, "ask(…) of a mailbox", "a handler cannot ask its own mailbox");
    Channel<R> reply = Channel.dropNewest(1); // the handler never waits, however often it replies
    tell(message.apply(reply), cancellation);
    List<R> replies = new ArrayList<>(1);
    boolean replied =
        new Select<Boolean>()
            .onReceive(reply, replies::add)
            .onReceive(ended, never -> false, () -> false)
            .onDone(cancellation, () -> false)
            .biased()
            .select();
    if (replied) {
      return replies.getFirst();
    }
    cancellation.throwIfCancelled();
    R late = reply.tryReceive(); // the handler may have replied just before its end
    if (late == null) {
      throw new ChannelClosedException(
          "the mailbox has ended without a reply", messages.closeCause());
    }
    return late;
  }

  /** The exception of the handler; null if it has thrown none. */
  public @Nullable Throwable failure() {
    return failure;
  }

  /** How many messages wait. */
  public int size() {
    return messages.size();
  }

  /**
   * Takes no more messages, and waits until the waiting messages are handled. An interrupt does not
   * shorten the wait; it is kept for the caller. To end at once, cancel the parent context. The
   * handler may call it: then it returns at once.
   */
  @Override
  public void close() {
    messages.close();
    if (Inside.isIn(this)) {
      return;
    }
    Uninterruptibly.await(thread::join);
  }

  /** Says whether the mailbox runs, and how many messages wait. */
  @Override
  public String toString() {
    return "Mailbox[%s, %s]".formatted(thread.isAlive() ? "handling" : "ended", messages);
  }
}
