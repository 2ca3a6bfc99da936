package dev.millrace.testkit;

import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/**
 * The broker of a test, at any place. {@link KafkaExtension} gives it to tests, and closes it.
 * Thread-safe.
 */
public interface TestKafka {

  /** The addresses for clients: hosts and ports. */
  String bootstrapServers();

  /** The place of the broker. */
  Place place();

  /** An admin client that all tests share; do not close it. */
  Admin admin();

  /**
   * Creates a topic with the broker's default number of replicas; blocks until the topic accepts
   * records. On an external broker the topic is deleted after the tests.
   *
   * @throws ExecutionException if the broker refuses it, with the cause
   * @see Topics#create
   */
  void createTopic(String name, int partitions) throws ExecutionException, InterruptedException;
}
