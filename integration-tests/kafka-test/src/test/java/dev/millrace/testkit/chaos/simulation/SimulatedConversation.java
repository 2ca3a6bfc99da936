package dev.millrace.testkit.chaos.simulation;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;

/** The conversation of a seed on the simulated broker, compared with the recorded one. */
public final class SimulatedConversation implements LongConsumer {

  private static final String TOPIC = "topic";

  private final String protocol;
  private final boolean isLong;
  private final List<String> recorded;

  /** The recorded conversation: the protocol, whether it is long, and the answers, in lines. */
  public SimulatedConversation(String recording) {
    List<String> lines = recording.lines().toList();
    this.protocol = lines.getFirst();
    this.isLong = Boolean.parseBoolean(lines.get(1));
    this.recorded = lines.subList(2, lines.size());
  }

  @Override
  public void accept(long seed) {
    if (seed < 0) {
      return; // a run that loads classes
    }
    var broker = new SimulatedBroker(seed, protocol, offsets -> {});
    broker.create(TOPIC, Conversation.PARTITIONS, true);
    List<String> answers = new Conversation(seed, new Simulated(broker), isLong).run();
    if (!answers.equals(recorded)) {
      throw new AssertionError(difference(answers));
    }
  }

  private String difference(List<String> answers) {
    var text = new StringBuilder("the brokers differ, " + protocol);
    for (int i = 0; i < Math.max(answers.size(), recorded.size()); i++) {
      String simulated = i < answers.size() ? answers.get(i) : "";
      String real = i < recorded.size() ? recorded.get(i) : "";
      text.append("\n").append(real);
      if (!simulated.equals(real)) {
        text.append("\n  SIMULATED: ").append(simulated);
      }
    }
    return text.toString();
  }

  private final class Simulated implements Conversation.Place {
    private final SimulatedBroker broker;

    Simulated(SimulatedBroker broker) {
      this.broker = broker;
    }

    @Override
    public Consumer<byte[], byte[]> consumer(String name, Map<String, String> properties) {
      Map<String, Object> all = new HashMap<>(properties);
      all.put("group.id", "group");
      all.put("session.timeout.ms", "10000");
      return new SimulatedConsumer(broker, new SimulatedLink(name), all, offsets -> {});
    }

    @Override
    public Producer<byte[], byte[]> producer(Map<String, String> properties) {
      Map<String, Object> all = new HashMap<>(properties);
      all.putIfAbsent("transaction.timeout.ms", "60000");
      return new SimulatedProducer(
          broker, new SimulatedLink("producer"), all, new SimulatedProducer.Interceptor() {});
    }

    @Override
    public String topic() {
      return TOPIC;
    }

    @Override
    public String protocol() {
      return protocol;
    }

    @Override
    public void delete(TopicPartition name, long to) {
      broker.deleteTo(name, to);
    }

    @Override
    public void awaitMarkers(String transactionalId) {
      // a simulated transaction ends at once
    }

    @Override
    public Duration calm() {
      return Duration.ofSeconds(2);
    }
  }
}
