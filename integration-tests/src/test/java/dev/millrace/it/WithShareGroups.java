package dev.millrace.it;

import dev.millrace.kafka.share.ShareLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;

/** A share group for each test, which starts at the beginning of its topic, with short locks. */
abstract class WithShareGroups extends WithBroker {

  /** The time of a lock. Three renewals fit into it. */
  static final Duration LOCK = Duration.ofSeconds(5);

  /** One delivery of a record to a handler. */
  record Delivered(String value, int delivery) {}

  /** What the handlers were given, in the order in which they began. */
  final Queue<Delivered> delivered = new ConcurrentLinkedQueue<>();

  final Queue<Exception> errors = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void configureGroup() throws Exception {
    configure("share.auto.offset.reset", "earliest");
    configure("share.record.lock.duration.ms", Long.toString(LOCK.toMillis()));
  }

  void configure(String name, String value) throws InterruptedException, ExecutionException {
    var entry = new ConfigEntry(name, value);
    admin()
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.GROUP, group),
                List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }

  Map<String, Object> shareProperties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("group.id", group);
    return properties;
  }

  /** A loop of this group; its handler must call {@link #began}. */
  ShareLoop.Builder<String, String> shareLoop() {
    return ShareLoop.<String, String>builder()
        .properties(shareProperties())
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(topic)
        .concurrency(8)
        .onError(errors::add);
  }

  void began(ConsumerRecord<String, String> record) {
    delivered.add(new Delivered(record.value(), record.deliveryCount().orElse((short) 0)));
    count(record.value());
  }

  Set<String> values() {
    return delivered.stream().map(Delivered::value).collect(Collectors.toSet());
  }

  /** The numbers of the deliveries of a record, in order. */
  List<Integer> deliveriesOf(String value) {
    List<Integer> numbers = new ArrayList<>();
    delivered.stream()
        .filter(one -> one.value().equals(value))
        .forEach(one -> numbers.add(one.delivery()));
    return numbers;
  }
}
