package dev.millrace.channel;

/**
 * Keeps the fields of a subclass off the cache line of the object that lies before it in memory.
 */
@SuppressWarnings("unused") // they only take up room
abstract class Padding {
  private long p0;
  private long p1;
  private long p2;
  private long p3;
  private long p4;
  private long p5;
  private long p6;
  private long p7;
}
