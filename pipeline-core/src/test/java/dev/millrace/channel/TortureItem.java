package dev.millrace.channel;

/** An element of a torture round: who sent it, on which channel, and as that sender's how manieth. */
record TortureItem(int sender, int channel, int number) {}
