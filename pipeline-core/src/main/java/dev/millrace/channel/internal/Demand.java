package dev.millrace.channel.internal;

/** The requests of subscribers. */
public final class Demand {

  private Demand() {}

  /**
   * The message for a request of less than 1 element, which rule 3.9 of Reactive Streams refuses.
   */
  public static String tooSmall(long count) {
    return "request(%d): a subscriber must request at least 1 element (rule 3.9)".formatted(count);
  }
}
