package dev.millrace.channel.internal;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Creates the channels that contexts close. Operations that wait for such a channel also look at
 * the context itself, which ends a moment before its channel is closed. The channel package
 * registers its constructor, because applications must not create such channels. Thread-safe.
 */
public final class DoneChannels {

  private static volatile @Nullable Function<Ending, ?> constructor;

  private DoneChannels() {}

  /** For the class of the channels, once, when it is initialized. */
  public static void register(Function<Ending, ?> function) {
    constructor = function;
  }

  /**
   * A rendezvous channel that is over once {@code ending} has ended; its owner then closes it.
   *
   * @param type the class of the channels, which this package is below and cannot name; it must be
   *     initialized
   */
  public static <C> C of(Class<C> type, Ending ending) {
    return type.cast(Objects.requireNonNull(constructor).apply(ending));
  }
}
