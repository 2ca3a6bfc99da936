package dev.millrace.lincheck;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** The operations of a channel that do not wait, each as one step. Their results are texts. */
@Param(name = "element", gen = IntGen.class, conf = "1:9")
abstract class ChannelOperations {

  private final Channel<Integer> channel;

  ChannelOperations(int capacity) {
    channel = Channel.buffered(capacity);
  }

  @Operation
  public String trySend(@Param(name = "element") int element) {
    try {
      return channel.trySend(element) ? "sent" : "full";
    } catch (ChannelClosedException e) {
      return "closed";
    }
  }

  @Operation
  public String tryReceive() {
    try {
      Integer element = channel.tryReceive();
      return element == null ? "empty" : element.toString();
    } catch (ChannelClosedException e) {
      return "closed";
    }
  }

  @Operation
  public void close() {
    channel.close();
  }

  @Operation
  public int size() {
    return channel.size();
  }

  /** Capacity 1. */
  public static class OfOne extends ChannelOperations {
    public OfOne() {
      super(1);
    }
  }

  /** Capacity 2. */
  public static class OfTwo extends ChannelOperations {
    public OfTwo() {
      super(2);
    }
  }
}
