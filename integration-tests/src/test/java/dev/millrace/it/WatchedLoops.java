package dev.millrace.it;

import dev.millrace.context.Context;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The loops of one test, on a topic and in a group of its own, and what they handle and report. */
final class WatchedLoops {

  final String topic = "orders-" + UUID.randomUUID();
  final String group = "group-" + topic;
  final Set<String> handled = ConcurrentHashMap.newKeySet();
  final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());
  private final List<Loop> started = new ArrayList<>();

  /**
   * A loop that handles the topic.
   *
   * @param connection how to reach the brokers
   */
  FaceBuilder builder(Face face, String protocol, Map<String, ?> connection) {
    Map<String, Object> properties = new HashMap<>(connection);
    properties.put("group.id", group);
    properties.put("group.protocol", protocol);
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    properties.put("metadata.max.age.ms", 1_000);
    return face.builder()
        .properties(properties)
        .topics(topic)
        .commitInterval(Duration.ofMillis(100))
        .onError(errors::add)
        .handler(record -> handled.add(record.value()));
  }

  /** Runs the loop in a thread of its own. */
  FutureTask<String> start(Loop loop) {
    started.add(loop);
    var task =
        new FutureTask<>(
            () -> {
              loop.run(Context.background());
              return "ended";
            });
    Thread.ofVirtual().start(task);
    return task;
  }

  /** Ends all loops that were started. */
  void drain(Duration timeout) throws InterruptedException {
    for (Loop loop : started) {
      loop.drain(timeout);
    }
  }

  /** The offset that the group has committed; -1 if there is none. */
  long committed(Admin admin, int partition) throws ExecutionException, InterruptedException {
    OffsetAndMetadata offset =
        admin
            .listConsumerGroupOffsets(group)
            .partitionsToOffsetAndMetadata()
            .get()
            .get(new TopicPartition(topic, partition));
    return offset == null ? -1 : offset.offset();
  }
}
