package dev.millrace.channel;

/**
 * An element of a torture round: who sent it, on which channel, and as that sender's how manieth.
 */
record TortureItem(int sender, int channel, int number) {

  /** Spread: the items of a round differ in all three. */
  @Override
  public int hashCode() {
    return ((sender << 4 | channel) << 20 | number) * 0x9E3779B9;
  }
}
