package dev.millrace.samples.command;

import dev.millrace.testkit.LocalBroker;
import dev.millrace.testkit.Topics;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * A command that needs a broker: an existing one, or one of its own. Its topics have names of their
 * own, and are deleted at the end. Not thread-safe.
 */
public abstract class BrokerCommand implements Callable<Integer> {

  private static final int PARTITIONS = 6;

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      description = "an existing broker; by default one is started for the run")
  private @Nullable String bootstrapServers;

  private final String prefix;
  private final List<String> topics;

  /** Receives the lines for the user. */
  protected final PrintStream out;

  /**
   * A command of a sample.
   *
   * @param topics the names of the topics, without the part that is different in each run
   */
  protected BrokerCommand(PrintStream out, String... topics) {
    this.out = out;
    this.prefix = UUID.randomUUID().toString().substring(0, 8) + "-";
    this.topics = Stream.of(topics).map(this::topic).toList();
  }

  /** The name of a topic in this run. */
  protected final String topic(String name) {
    return prefix + name;
  }

  /**
   * Runs the sample; the topics exist.
   *
   * @return the exit status
   */
  protected abstract int run(String brokers) throws Exception;

  @Override
  public final Integer call() throws Exception {
    String existing = bootstrapServers;
    if (existing != null) {
      return runWithTopics(existing);
    }
    out.println("starting a broker …");
    try (var broker = LocalBroker.start()) {
      return runWithTopics(broker.bootstrapServers());
    }
  }

  private int runWithTopics(String brokers) throws Exception {
    try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", brokers))) {
      Topics.create(admin, topics.stream().map(BrokerCommand::newTopic).toList());
      try {
        return run(brokers);
      } finally {
        admin.deleteTopics(topics).all().get();
      }
    }
  }

  private static NewTopic newTopic(String name) {
    return new NewTopic(name, Optional.of(PARTITIONS), Optional.empty());
  }
}
