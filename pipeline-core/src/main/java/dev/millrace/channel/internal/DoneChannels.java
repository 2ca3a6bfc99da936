package dev.millrace.channel.internal;

import dev.millrace.channel.Channel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Creates the channels that contexts close. Operations that wait for such a channel also look at
 * the context itself, which ends a moment before its channel is closed. The channel package
 * registers the only instance, because applications must not create such channels.
 */
public abstract class DoneChannels {

  private static volatile @Nullable DoneChannels instance;

  /** For the channel package. */
  protected DoneChannels() {}

  /** Registers the one instance. */
  public static void register(DoneChannels channels) {
    instance = channels;
  }

  /** A rendezvous channel that is over once {@code ending} has ended; its owner then closes it. */
  public static Channel<Void> of(Ending ending) {
    var _ = Channel.never(); // initialises the class that registers the instance
    return Objects.requireNonNull(instance).create(ending);
  }

  /** As {@link #of}. */
  protected abstract Channel<Void> create(Ending ending);
}
