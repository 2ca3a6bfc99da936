package dev.millrace.testkit;

import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/**
 * The broker of a test, wherever it is. Given to tests by {@link KafkaExtension}, which also ends
 * it. Safe for use by many threads.
 */
public interface TestKafka {

  /** Where clients connect to: hosts and ports. */
  String bootstrapServers();

  /** Where the broker is. */
  Place place();

  /** An admin client that all tests share; it is not theirs to close. */
  Admin admin();

  /**
   * Creates a topic with as many replicas as the broker gives by itself; blocks until it can be
   * written to. On a broker that is there after the tests, it is deleted in the end.
   *
   * @throws ExecutionException if the broker refuses it, with the cause
   * @see Topics#create
   */
  void createTopic(String name, int partitions) throws ExecutionException, InterruptedException;
}
