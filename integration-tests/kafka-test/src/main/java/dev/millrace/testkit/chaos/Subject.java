package dev.millrace.testkit.chaos;

/**
 * A consumer under test. The kit runs it in processes of its own, as members of one group, and
 * disturbs them.
 *
 * <pre>{@code
 * public final class OrdersSubject implements Subject {
 *   public void run(SubjectRun run) {
 *     try (var consumer = new KafkaConsumer<String, String>(run.consumerProperties())) {
 *       consumer.subscribe(List.of(run.topic()), run.listener());
 *       while (!run.isStopping()) {
 *         var records = consumer.poll(Duration.ofMillis(100));
 *         for (var record : records) {
 *           run.started(record);
 *           handle(record);
 *           run.handled(record);
 *         }
 *         consumer.commitSync();
 *       }
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>The class must be public, and have a public constructor without parameters. Each process
 * creates one instance.
 */
@FunctionalInterface
public interface Subject {

  /**
   * Consumes {@link SubjectRun#topic()} until the process is asked to end, and then closes. Called
   * once, in the main thread of the process.
   *
   * @throws Exception if the consumer fails; the process then ends with status 1, and its output
   *     file has the stack trace
   */
  void run(SubjectRun run) throws Exception;
}
