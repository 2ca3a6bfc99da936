package dev.millrace.benchmarks;

import com.softwaremill.jox.Channel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.SynchronousQueue;

/** The conduit of the benchmarks: one interface for all blocking peers. */
interface Conduit {

  void send(Integer element) throws InterruptedException;

  Integer receive() throws InterruptedException;

  /** The peer with this name; {@code capacity} 0 means a rendezvous. */
  static Conduit of(String peer, int capacity) {
    return switch (peer) {
      case "millrace" -> millrace(dev.millrace.channel.Channel.buffered(capacity));
      case "jox" ->
          jox(
              capacity == 0
                  ? Channel.newRendezvousChannel()
                  : Channel.newBufferedChannel(capacity));
      case "transfer" -> transfer(new LinkedTransferQueue<>());
      case "synchronous" -> queue(new SynchronousQueue<>());
      case "array" -> queue(new ArrayBlockingQueue<>(capacity));
      case "linked" -> queue(new LinkedBlockingQueue<>(capacity));
      default -> throw new IllegalArgumentException("no peer " + peer);
    };
  }

  private static Conduit millrace(dev.millrace.channel.Channel<Integer> channel) {
    return new Conduit() {
      @Override
      public void send(Integer element) throws InterruptedException {
        channel.send(element);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return channel.receive();
      }
    };
  }

  private static Conduit jox(Channel<Integer> channel) {
    return new Conduit() {
      @Override
      public void send(Integer element) throws InterruptedException {
        channel.send(element);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return channel.receive();
      }
    };
  }

  private static Conduit transfer(LinkedTransferQueue<Integer> queue) {
    return new Conduit() {
      @Override
      public void send(Integer element) throws InterruptedException {
        queue.transfer(element);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return queue.take();
      }
    };
  }

  private static Conduit queue(BlockingQueue<Integer> queue) {
    return new Conduit() {
      @Override
      public void send(Integer element) throws InterruptedException {
        queue.put(element);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return queue.take();
      }
    };
  }
}
