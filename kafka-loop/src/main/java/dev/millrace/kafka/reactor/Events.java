package dev.millrace.kafka.reactor;

import dev.millrace.channel.Channel;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.ConsumerCore;
import dev.millrace.kafka.internal.LoopSettings;

/**
 * What the core says, until the loop's thread tells the application's listeners: those are called
 * by one thread. If it does not come to that, the oldest of 1,000 is dropped.
 */
final class Events implements ConsumerCore.Listener {

  private static final int EVENTS = 1000;

  private final Bell bell;
  private final LoopSettings settings;
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Notification> notifications = Channel.dropOldest(EVENTS);

  Events(Bell bell, LoopSettings settings) {
    this.bell = bell;
    this.settings = settings;
  }

  @Override
  public void ready() {
    bell.ring();
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

  /** Tells the application, by the thread of the loop. */
  void deliver() {
    for (Exception error; (error = errors.tryReceive()) != null; ) {
      settings.onError.accept(error);
    }
    for (Notification change; (change = notifications.tryReceive()) != null; ) {
      settings.onNotification.accept(change);
    }
  }
}
