package dev.millrace.testkit.chaos.simulation;

/** The connection of one process to the broker. Requests and answers keep their order. */
public final class SimulatedLink {

  final String client;

  /** No request arrives before this time. */
  long cutUntil;

  /** When the last request arrives. */
  long lastDue;

  /** When the last answer comes back. */
  long lastAnswer;

  /** A link of a client with this name. */
  public SimulatedLink(String client) {
    this.client = client;
  }

  /** Requests and answers wait until this time, as {@code Time.nanoTime}. */
  public void cutUntil(long nanos) {
    cutUntil = nanos;
  }
}
