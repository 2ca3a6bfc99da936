package dev.millrace.kafka.internal.properties;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerConfig;

/** The properties of the producer of a sink: the defaults that lose nothing, and the refusals. */
public final class SinkProperties {

  private SinkProperties() {}

  /**
   * The properties of the application, with the defaults of the sink.
   *
   * @param hasSerializers whether the application gives serializers of its own
   * @throws IllegalArgumentException if a property is missing, out of range or unsafe
   */
  public static Map<String, Object> checked(Map<String, Object> given, boolean hasSerializers) {
    required(given, ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "properties(…)");
    if (!hasSerializers) {
      String where = "properties(…), or give serializers(…)";
      required(given, ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, where);
      required(given, ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, where);
    }
    KafkaProperties.check(given, ProducerConfig.configDef());
    if (given.containsKey(ProducerConfig.TRANSACTIONAL_ID_CONFIG)) {
      throw new IllegalArgumentException(
          "'transactional.id' is set, but a sink uses no transactions: leave it out, or use a loop"
              + " with a transactionalHandler(…)");
    }
    Map<String, Object> all = new HashMap<>(given);
    all.putIfAbsent(ProducerConfig.ACKS_CONFIG, "all");
    String acks = String.valueOf(all.get(ProducerConfig.ACKS_CONFIG)).strip();
    boolean isSafe = Set.of("all", "-1").contains(acks);
    if (acks.equals("0")) {
      throw new IllegalArgumentException(
          "'acks' is '0': then no broker acknowledges a record, and a lost record looks like a safe"
              + " one. Leave it out");
    }
    String idempotence =
        String.valueOf(
            all.computeIfAbsent(
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, name -> String.valueOf(isSafe)));
    if (idempotence.strip().equals("true") && !isSafe) {
      throw new IllegalArgumentException(
          "'enable.idempotence' needs acks=all, but 'acks' is '%s': leave 'acks' out"
              .formatted(acks));
    }
    return Map.copyOf(all);
  }

  private static void required(Map<String, Object> given, String name, String where) {
    if (!given.containsKey(name)) {
      throw new IllegalArgumentException(
          "the sink needs the property '%s': set it with %s".formatted(name, where));
    }
  }
}
