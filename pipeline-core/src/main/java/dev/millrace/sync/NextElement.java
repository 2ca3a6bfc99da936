package dev.millrace.sync;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.context.CancellableContext;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A future that takes one element from a channel.
 *
 * <p>Either the element or another thread completes it, and never both, because the element would
 * then be lost. So a thread that wants to complete the future cancels the receive, and waits until
 * the receiver has decided who completes it. This takes the time to wake up a thread.
 */
final class NextElement<T> extends CompletableFuture<T> {

  /** The cause of the context when another thread wants to complete the future. */
  private static final class Withdrawn extends CancellationException {
    private static final long serialVersionUID = 1L;
  }

  private final CancellableContext context;
  private final CountDownLatch decided = new CountDownLatch(1);
  private volatile @Nullable T taken;

  private NextElement(CancellableContext context) {
    this.context = context;
  }

  static <T> NextElement<T> fork(TaskGroup group, ReceiveChannel<T> channel)
      throws InterruptedException {
    Objects.requireNonNull(channel, "channel");
    var next = new NextElement<T>(group.context().withCancel());
    boolean forked = false;
    try {
      forked = group.fork(() -> next.receive(channel)).state() != Task.State.CANCELLED;
    } finally {
      if (!forked) {
        next.decide(null, next.cancelled());
      }
    }
    return next;
  }

  private boolean receive(ReceiveChannel<T> channel) {
    try {
      decide(channel.receive(context), null);
    } catch (ChannelClosedException e) {
      decide(null, e);
    } catch (CancellationException | InterruptedException e) {
      decide(null, context.cause() instanceof Withdrawn ? null : cancelled());
    }
    return true;
  }

  private void decide(@Nullable T element, @Nullable Throwable failure) {
    taken = element;
    decided.countDown(); // before the actions that depend on this future, which may block
    if (element != null) {
      super.complete(element);
    } else if (failure != null) {
      super.completeExceptionally(failure);
    }
    context.cancel(); // so that the context of the group releases it
  }

  private CancellationException cancelled() {
    var exception = new CancellationException("the task group was cancelled");
    exception.initCause(context.cause());
    return exception;
  }

  /** Gives up the receive; false if it has ended already. */
  private boolean withdraw() {
    if (isDone()) {
      return false;
    }
    context.cancel(new Withdrawn());
    Uninterruptibly.await(decided::await);
    T element = taken;
    if (element != null) {
      super.complete(element); // the receiver does it next; it must be done on return
    }
    return element == null;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return withdraw() ? super.cancel(mayInterruptIfRunning) : isCancelled();
  }

  @Override
  public boolean complete(T value) {
    return withdraw() && super.complete(value);
  }

  @Override
  public boolean completeExceptionally(Throwable failure) {
    return withdraw() && super.completeExceptionally(failure);
  }

  /** Refused, because it would complete the future behind the receiver's back. */
  @Override
  public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor executor) {
    throw new UnsupportedOperationException(
        "the channel completes this future: use its copy(), or complete it with a value");
  }
}
