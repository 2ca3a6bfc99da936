package dev.millrace.pipeline;

import dev.millrace.channel.SendChannel;
import dev.millrace.context.Context;
import java.util.Objects;

/** Sends the elements to a channel, and closes it at the end. */
record ChannelSink<T>(SendChannel<? super T> channel) implements Sink<T, Long>, Waits {

  ChannelSink {
    Objects.requireNonNull(channel, "channel");
  }

  @Override
  public Receiver<T, Long> open(Context context) {
    return new Receiver<>() {
      private long count;

      @Override
      public boolean accept(T element) throws InterruptedException {
        channel.send(element);
        count++;
        return true;
      }

      @Override
      public Long finish() {
        channel.close();
        return count;
      }

      @Override
      public void close() {
        Throwable cause = context.cause();
        if (cause == null) {
          channel.close();
        } else {
          channel.close(cause);
        }
      }
    };
  }

  @Override
  public String waitsFor() {
    return "room in " + channel;
  }
}
