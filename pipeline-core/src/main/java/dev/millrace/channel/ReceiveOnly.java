package dev.millrace.channel;

import java.time.Duration;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** A channel in the hands of a party that only receives: no cast makes it one that sends. */
record ReceiveOnly<T>(Channel<T> channel) implements ReceiveChannel<T> {

  @Override
  public T receive() throws InterruptedException {
    return channel.receive();
  }

  @Override
  public T receive(Cancellation cancellation) throws InterruptedException {
    return channel.receive(cancellation);
  }

  @Override
  public @Nullable T receiveOrNull() throws InterruptedException {
    return channel.receiveOrNull();
  }

  @Override
  public @Nullable T receiveOrNull(Cancellation cancellation) throws InterruptedException {
    return channel.receiveOrNull(cancellation);
  }

  @Override
  public @Nullable T tryReceive() {
    return channel.tryReceive();
  }

  @Override
  public @Nullable T tryReceive(Duration timeout) throws InterruptedException {
    return channel.tryReceive(timeout);
  }

  @Override
  public Iterator<T> iterator() {
    return channel.iterator();
  }

  @Override
  public boolean isClosed() {
    return channel.isClosed();
  }

  @Override
  public @Nullable Throwable closeCause() {
    return channel.closeCause();
  }

  @Override
  public int size() {
    return channel.size();
  }

  @Override
  public int capacity() {
    return channel.capacity();
  }

  @Override
  public int waitingSenders() {
    return channel.waitingSenders();
  }

  @Override
  public int waitingReceivers() {
    return channel.waitingReceivers();
  }

  @Override
  public String toString() {
    return channel.toString();
  }
}
