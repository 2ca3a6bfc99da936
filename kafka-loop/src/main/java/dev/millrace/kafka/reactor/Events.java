package dev.millrace.kafka.reactor;

import dev.millrace.channel.Channel;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.report.Guarded;
import java.util.function.Consumer;

/**
 * The events of the core, until the loop's thread passes them to the application's listeners. So
 * only one thread calls the listeners. Each channel holds 1,000 events, and drops the oldest one
 * when it is full.
 */
final class Events implements ConsumerCore.Listener {

  private static final int EVENTS = 1000;

  private final Bell bell;
  private final Consumer<? super Exception> onError;
  private final Consumer<? super Notification> onNotification;
  private volatile Runnable onReady;
  private volatile Runnable onTurn = () -> {};
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Notification> notifications = Channel.dropOldest(EVENTS);

  Events(
      Bell bell,
      Consumer<? super Exception> onError,
      Consumer<? super Notification> onNotification) {
    this.bell = bell;
    this.onReady = bell::ring;
    this.onError = onError;
    this.onNotification = onNotification;
  }

  @Override
  public void ready() {
    onReady.run();
  }

  @Override
  public void survived(Exception error) {
    errors.trySend(error);
    bell.ring();
  }

  @Override
  public void rebalanced(Notification change) {
    notifications.trySend(change);
    bell.ring();
  }

  /** Calls this action, instead of ringing, when there may be messages. It must not block. */
  void onReady(Runnable action) {
    onReady = action;
  }

  /** Also calls that at each turn of the poll thread. */
  void onTurn(Runnable action) {
    onTurn = action;
  }

  @Override
  public void turned() {
    onTurn.run();
  }

  /** Tells the application, by the thread of the loop. */
  void deliver() {
    for (Exception error; (error = errors.tryReceive()) != null; ) {
      Guarded.tell("onError(…)", onError, error);
    }
    for (Notification change; (change = notifications.tryReceive()) != null; ) {
      Notification known = change;
      Guarded.run("onNotification(…)", () -> onNotification.accept(known));
    }
  }
}
