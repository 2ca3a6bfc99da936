package dev.millrace.channel;

/**
 * An element of a torture round: its sender, its channel, and its number among the elements of this
 * sender.
 */
record TortureItem(int sender, int channel, int number) {

  /** Spreads well: the items of a round differ in all three fields. */
  @Override
  public int hashCode() {
    return ((sender << 4 | channel) << 20 | number) * 0x9E3779B9;
  }
}
