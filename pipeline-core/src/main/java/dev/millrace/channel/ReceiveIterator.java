package dev.millrace.channel;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Receives the elements of a channel until it is closed. Not thread-safe. */
final class ReceiveIterator<T> implements Iterator<T> {

  private final Channel<T> channel;
  private @Nullable T next;

  ReceiveIterator(Channel<T> channel) {
    this.channel = channel;
  }

  @Override
  public boolean hasNext() {
    try {
      return next != null || (next = channel.receiveOrNull()) != null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var exception = new CancellationException("interrupted while receiving");
      exception.initCause(e);
      throw exception;
    }
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the channel is closed");
    }
    T element = Objects.requireNonNull(next);
    next = null;
    return element;
  }
}
