package dev.millrace.pipeline;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import java.util.Objects;

/** The elements of a channel. */
record ChannelSource<T>(ReceiveChannel<? extends T> channel, SourceFailure onFailure)
    implements IndependentSource<T>, Waits {

  ChannelSource {
    Objects.requireNonNull(channel, "channel");
    Objects.requireNonNull(onFailure, "policy");
  }

  @Override
  public Cursor<T> open(Context context) {
    return channel::receiveOrNull;
  }

  @Override
  public Source<T> onFailure(SourceFailure policy) {
    return new ChannelSource<>(channel, policy);
  }

  @Override
  public String waitsFor() {
    return "an element in " + channel;
  }
}
