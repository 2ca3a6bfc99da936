package dev.millrace.pipeline;

/**
 * A source or a sink of this library that knows what it waits for when a call of it does not
 * return. Thread-safe.
 */
public interface Waits {

  /**
   * The object of "waits for", such as "an element in Channel[…]". Called by the thread that
   * explains the run, while another thread waits. Does not block.
   */
  String waitsFor();
}
