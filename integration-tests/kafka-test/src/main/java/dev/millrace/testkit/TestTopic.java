package dev.millrace.testkit;

/**
 * A topic of a test's own, as a parameter: each parameter is another topic. One partition, unless
 * {@link Partitions} says otherwise.
 *
 * @param name no other topic's
 * @param partitions how many it has
 */
public record TestTopic(String name, int partitions) {}
