package dev.millrace.testkit.chaos.simulation;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The answers of a conversation, as text without the parts that brokers may choose. */
final class ConversationAnswers {

  /** An action that may throw what clients throw. */
  interface Action {
    Object run() throws ExecutionException, InterruptedException;
  }

  private final List<String> all = new ArrayList<>();

  /** All answers so far, each with its call. */
  List<String> all() {
    return all;
  }

  /** Makes a call, and notes its answer. */
  void say(String call, Action action) {
    String answer;
    try {
      answer = String.valueOf(action.run());
    } catch (ExecutionException e) {
      answer = name(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted in a conversation", e);
    } catch (RuntimeException e) {
      answer = name(e);
    }
    all.add(all.size() + " " + call + ": " + answer);
  }

  static String name(Throwable thrown) {
    String name = thrown.getClass().getSimpleName();
    return thrown.getClass() == KafkaException.class && thrown.getCause() != null
        ? name + " by " + name(thrown.getCause())
        : name;
  }

  static String done(Runnable action) {
    action.run();
    return "done";
  }

  static String text(ConsumerRecord<byte[], byte[]> record) {
    return record.offset() + "=" + new String(record.value(), StandardCharsets.UTF_8) + " ";
  }

  static String text(Map<TopicPartition, OffsetAndMetadata> offsets) {
    return offsets.entrySet().stream()
        .map(one -> one.getKey().partition() + "@" + text(one.getValue()))
        .sorted()
        .collect(Collectors.joining(" "));
  }

  static String offsets(Map<TopicPartition, Long> offsets) {
    Map<Integer, Long> sorted = new TreeMap<>();
    offsets.forEach((name, offset) -> sorted.put(name.partition(), offset));
    return sorted.toString();
  }

  private static String text(@Nullable OffsetAndMetadata offset) {
    return offset == null
        ? "null"
        : offset.offset() + " '" + offset.metadata().replaceFirst("(?<=.{9}).*", "") + "'";
  }
}
