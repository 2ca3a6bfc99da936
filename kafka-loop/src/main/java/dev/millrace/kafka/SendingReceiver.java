package dev.millrace.kafka;

import dev.millrace.pipeline.Sink;
import java.util.ArrayDeque;

/**
 * Sends in the sink itself, without stages. A record that is not acknowledged stops the run. Not
 * thread-safe.
 */
final class SendingReceiver<T> implements Sink.Receiver<T, Long> {

  private final Sending<T, ?, ?> sending;

  /** The records that have not been seen as acknowledged, in the order in which they were sent. */
  private final ArrayDeque<Sent<T>> open = new ArrayDeque<>();

  private long count;

  SendingReceiver(Sending<T, ?, ?> sending) {
    this.sending = sending;
  }

  @Override
  public boolean accept(T element) throws Exception {
    open.addLast(sending.send(element));
    count++;
    while (!open.isEmpty() && open.getFirst().isDone()) {
      open.removeFirst().await();
    }
    return true;
  }

  @Override
  public int holds() {
    return open.size();
  }

  @Override
  public Long finish() throws Exception {
    while (!open.isEmpty()) {
      open.removeFirst().await();
    }
    return count;
  }

  @Override
  public void close() {
    sending.close();
  }
}
