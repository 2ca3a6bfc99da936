package dev.millrace.testkit;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;

/** A broker with its admin client and the topics that tests created. */
final class RunningKafka implements TestKafka, AutoCloseable {

  private final PlaceChoice choice;
  private final String bootstrapServers;
  private final AutoCloseable broker;
  private final Admin admin;
  private final Set<String> created = ConcurrentHashMap.newKeySet();

  private RunningKafka(PlaceChoice choice, String bootstrapServers, AutoCloseable broker) {
    this.choice = choice;
    this.bootstrapServers = bootstrapServers;
    this.broker = broker;
    this.admin =
        Admin.create(
            Map.<String, Object>of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
  }

  /** Starts a broker at the place, or connects to an external one. */
  static RunningKafka open(PlaceChoice choice) throws IOException, InterruptedException {
    return switch (choice.place()) {
      case PROCESS -> {
        var broker = LocalBroker.start();
        yield new RunningKafka(choice, broker.bootstrapServers(), broker);
      }
      case DOCKER -> {
        var broker = DockerBroker.start(choice.target());
        yield new RunningKafka(choice, broker.bootstrapServers(), broker);
      }
      case EXTERNAL -> new RunningKafka(choice, choice.target(), () -> {});
    };
  }

  @Override
  public String bootstrapServers() {
    return bootstrapServers;
  }

  @Override
  public Place place() {
    return choice.place();
  }

  @Override
  public Admin admin() {
    return admin;
  }

  @Override
  public void createTopic(String name, int partitions)
      throws ExecutionException, InterruptedException {
    Topics.create(admin, List.of(new NewTopic(name, Optional.of(partitions), Optional.empty())));
    created.add(name);
  }

  /** Ends the broker, or deletes the created topics of an external broker. */
  @Override
  public void close() throws Exception {
    try (broker;
        admin) {
      if (choice.place() == Place.EXTERNAL && !created.isEmpty()) {
        admin.deleteTopics(created).all().get();
      }
    }
  }
}
