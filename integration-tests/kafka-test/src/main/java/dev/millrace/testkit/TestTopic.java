package dev.millrace.testkit;

/**
 * A new topic for one parameter of a test. It has one partition, unless {@link Partitions} sets
 * another number.
 *
 * @param name the unique name of the topic
 * @param partitions the number of partitions
 */
public record TestTopic(String name, int partitions) {}
