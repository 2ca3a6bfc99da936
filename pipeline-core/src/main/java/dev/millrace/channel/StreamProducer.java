package dev.millrace.channel;

import java.util.Objects;
import java.util.stream.Stream;

/**
 * Sends the elements of a stream.
 *
 * <p>The stream pushes them ({@code forEachOrdered}), because its iterator would first buffer all
 * that a {@code flatMap} makes of one element. So an interrupt leaves the code of the stream as the
 * cause of an unchecked exception.
 */
final class StreamProducer<T> implements Producer<T> {

  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final InterruptedException interrupt;

    Interrupted(InterruptedException interrupt) {
      super(null, interrupt, true, false);
      this.interrupt = interrupt;
    }
  }

  private final Stream<? extends T> elements;
  private long index;

  StreamProducer(Stream<? extends T> elements) {
    this.elements = elements;
  }

  @Override
  public void produce(SendChannel<? super T> out) throws Exception {
    Closing.afterwards(elements, () -> sendAll(out));
  }

  private void sendAll(SendChannel<? super T> out) throws InterruptedException {
    try {
      elements.sequential().forEachOrdered(element -> send(element, out));
    } catch (Interrupted e) {
      throw e.interrupt;
    }
  }

  private void send(T element, SendChannel<? super T> out) {
    if (Objects.isNull(element)) {
      throw Channels.nullElement(index);
    }
    try {
      out.send(element);
    } catch (InterruptedException e) {
      throw new Interrupted(e);
    }
    index++;
  }
}
