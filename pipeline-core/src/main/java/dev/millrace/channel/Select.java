package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the first of several channel operations, does exactly that one, and runs its handler.
 *
 * <pre>{@code
 * var select =
 *     new Select<String>()
 *         .onReceive(orders, order -> "order " + order, () -> "no more orders")
 *         .onSend(ticks, 1, () -> "ticked")
 *         .onDone(context, () -> "cancelled")
 *         .onTimeout(Duration.ofSeconds(1), () -> "nothing happened");
 * String what = select.select();
 * }</pre>
 *
 * <p>If several operations are possible, one is chosen at random, each with the same probability;
 * {@link #biased()} prefers the first clauses. A cancellation ({@link #onDone}) goes before all
 * other clauses. The handler runs after the operation, in the calling thread, without a lock. A
 * channel may be in several clauses, in both directions. A closed channel is ready.
 *
 * <p>Build a select once and call {@link #select()} in a loop: a turn allocates nothing, and leaves
 * no waiter in a channel. Clauses may be added between turns. Not thread-safe: one thread at a time
 * uses it, platform or virtual.
 *
 * @param <R> the type of the results of the handlers
 */
public final class Select<R extends @Nullable Object> {

  /** The handler of a clause with an element. */
  @FunctionalInterface
  public interface Handler<T, R extends @Nullable Object> {
    /** Handles the element. {@link Select#select} returns its result, or throws its exception. */
    R handle(T element) throws InterruptedException;
  }

  /** The handler of a clause without an element. */
  @FunctionalInterface
  public interface Action<R extends @Nullable Object> {
    /** Runs the handler. {@link Select#select} returns its result, or throws its exception. */
    R run() throws InterruptedException;
  }

  private record Clause<R extends @Nullable Object>(
      SelectWaiter waiter,
      @Nullable Supplier<?> element,
      @Nullable Handler<Object, R> onElement,
      @Nullable Action<R> onSent,
      @Nullable Action<R> onClosed,
      @Nullable BooleanSupplier guard) {}

  private final Selection selection = new Selection();
  private final List<Clause<R>> clauses = new ArrayList<>();
  private @Nullable Action<R> onDefault;
  private @Nullable Action<R> onTime;
  private boolean sends; // a clause of it
  private long timeoutNanos;
  private long deadline; // a nanoTime; 0 for none

  /** A select without clauses. */
  public Select() {}

  /**
   * Adds a receive. If the channel is closed and drained, {@link #select()} throws a {@link
   * ChannelClosedException}.
   */
  public <T> Select<R> onReceive(
      ReceiveChannel<T> channel, Handler<? super T, ? extends R> handler) {
    return addReceive(channel, handler, null);
  }

  /**
   * Adds a receive. Runs {@code onClosed} if the channel is closed and drained; {@link
   * ReceiveChannel#closeCause()} has the cause.
   */
  public <T> Select<R> onReceive(
      ReceiveChannel<T> channel,
      Handler<? super T, ? extends R> handler,
      Action<? extends R> onClosed) {
    return addReceive(channel, handler, Objects.requireNonNull(onClosed, "onClosed"));
  }

  /**
   * Adds a send of the element. If the channel is closed, {@link #select()} throws a {@link
   * ChannelClosedException}.
   */
  public <T> Select<R> onSend(SendChannel<T> channel, T element, Action<? extends R> onSent) {
    Objects.requireNonNull(element, "element");
    return addSend(channel, () -> element, onSent);
  }

  /**
   * Adds a send of a computed element. {@code element} is called at the start of every turn in
   * which the guard holds, even if another clause wins.
   */
  public <T> Select<R> onSendFrom(
      SendChannel<T> channel, Supplier<? extends T> element, Action<? extends R> onSent) {
    return addSend(channel, Objects.requireNonNull(element, "element"), onSent);
  }

  /**
   * Runs when {@code cancellation} is cancelled, even if other clauses are ready. From then on the
   * select does no other operation, unless the guard of this clause is false.
   */
  public Select<R> onDone(Cancellation cancellation, Action<? extends R> action) {
    Objects.requireNonNull(cancellation, "cancellation");
    Action<R> onClosed = narrow(action);
    SelectWaiter waiter = selection.addDone(Channel.behind(cancellation.done()));
    clauses.add(
        new Clause<>(
            waiter,
            null,
            never -> {
              throw new AssertionError("a done channel carries no element");
            },
            null,
            onClosed,
            null));
    return this;
  }

  /**
   * Runs when a turn has waited for {@code timeout}. Each turn starts the timeout again. A select
   * has at most one timeout or deadline: the last one that was set counts.
   */
  public Select<R> onTimeout(Duration timeout, Action<? extends R> action) {
    Objects.requireNonNull(timeout, "timeout");
    onTime = narrow(action);
    timeoutNanos = Math.clamp(Timers.toNanos(timeout), 0, Timers.LONGEST);
    deadline = 0;
    return this;
  }

  /**
   * Runs when a turn waits at {@code deadline}; see {@link #onTimeout}. This call reads the wall
   * clock once, and computes the time that is left. A later change of the clock has no effect.
   */
  public Select<R> onDeadline(Instant deadline, Action<? extends R> action) {
    Objects.requireNonNull(deadline, "deadline");
    onTime = narrow(action);
    this.deadline = nanoTime(Timers.toNanos(Duration.between(Time.now(), deadline)));
    return this;
  }

  /** Runs if no clause is ready: {@link #select()} then never waits. */
  public Select<R> onDefault(Action<? extends R> action) {
    onDefault = narrow(action);
    return this;
  }

  /**
   * Sets the guard of the last added clause: it takes part in a turn only if {@code guard} is true
   * at the start of the turn.
   */
  public Select<R> when(BooleanSupplier guard) {
    Objects.requireNonNull(guard, "guard");
    if (clauses.isEmpty()) {
      throw new IllegalStateException("add the channel clause that the guard is for first");
    }
    Clause<R> clause = clauses.removeLast();
    clauses.add(
        new Clause<>(
            clause.waiter,
            clause.element,
            clause.onElement,
            clause.onSent,
            clause.onClosed,
            guard));
    return this;
  }

  /** Chooses the first added clause, not a random one, if several clauses are ready. */
  public Select<R> biased() {
    selection.biased();
    return this;
  }

  /**
   * Waits until one clause is ready, does its operation, and runs its handler.
   *
   * @return the result of the handler
   * @throws ChannelClosedException if the chosen clause is a send to a closed channel, or a receive
   *     without {@code onClosed} from a closed and drained channel
   * @throws IllegalStateException if no clause takes part: the call would wait for ever
   * @throws InterruptedException if the thread is interrupted before an operation was done
   */
  public R select() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    int index;
    try {
      index = turn(prepare());
    } finally {
      forgetElements();
    }
    if (index >= 0) {
      return finish(index);
    }
    return Objects.requireNonNull(onDefault != null ? onDefault : onTime).run();
  }

  /**
   * Does one operation; returns the index of its clause, or a negative number if no clause has won.
   */
  private int turn(boolean enabled) throws InterruptedException {
    if (onDefault != null) {
      return selection.attempt();
    }
    if (!enabled && onTime == null) {
      throw new IllegalStateException("no clause of the select takes part: it would never end");
    }
    return selection.await(onTime == null ? 0 : nanoDeadline());
  }

  /** Releases the references to all offered elements, sent or not. */
  private void forgetElements() {
    if (sends) {
      for (int i = 0; i < clauses.size(); i++) {
        clauses.get(i).waiter.forgetOffer();
      }
    }
  }

  private boolean prepare() {
    boolean enabled = false;
    for (int i = 0; i < clauses.size(); i++) {
      Clause<R> clause = clauses.get(i);
      SelectWaiter waiter = clause.waiter;
      waiter.enabled = clause.guard == null || clause.guard.getAsBoolean();
      enabled |= waiter.enabled;
      if (waiter.enabled && clause.element != null) {
        waiter.offered = Objects.requireNonNull(clause.element.get(), "the element to send");
      }
    }
    return enabled;
  }

  private R finish(int index) throws InterruptedException {
    Clause<R> clause = clauses.get(index);
    if (selection.isClosed(index)) {
      if (clause.onClosed != null) {
        return clause.onClosed.run();
      }
      Channel<?> channel = clause.waiter.channel;
      throw new ChannelClosedException(
          (clause.waiter.sends ? "send on" : "receive on") + " a closed channel, in a select",
          channel.closeCause());
    }
    if (clause.onSent != null) {
      return clause.onSent.run();
    }
    return Objects.requireNonNull(clause.onElement)
        .handle(Objects.requireNonNull(selection.takeItem(index)));
  }

  private long nanoDeadline() {
    return deadline == 0 ? nanoTime(timeoutNanos) : deadline;
  }

  private static long nanoTime(long left) {
    long result = Time.nanoTime() + Math.clamp(left, 0, Timers.LONGEST);
    return result == 0 ? 1 : result; // 0 stands for no deadline
  }

  @SuppressWarnings("unchecked") // the channel gives only what the handler takes
  private <T> Select<R> addReceive(
      ReceiveChannel<T> channel,
      Handler<? super T, ? extends R> handler,
      @Nullable Action<? extends R> onClosed) {
    Objects.requireNonNull(channel, "channel");
    Objects.requireNonNull(handler, "handler");
    SelectWaiter waiter = selection.add(Channel.behind(channel));
    clauses.add(
        new Clause<>(
            waiter,
            null,
            (Handler<Object, R>) handler,
            null,
            onClosed == null ? null : narrow(onClosed),
            null));
    return this;
  }

  private <T> Select<R> addSend(
      SendChannel<T> channel, Supplier<? extends T> element, Action<? extends R> onSent) {
    Objects.requireNonNull(channel, "channel");
    Action<R> action = narrow(onSent);
    sends = true;
    SelectWaiter waiter = selection.add((Channel<T>) channel, null);
    clauses.add(new Clause<>(waiter, element, null, action, null, null));
    return this;
  }

  @SuppressWarnings("unchecked") // an action only gives
  private static <R extends @Nullable Object> Action<R> narrow(Action<? extends R> action) {
    return (Action<R>) Objects.requireNonNull(action, "action");
  }
}
