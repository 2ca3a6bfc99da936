package dev.millrace.kafka.internal.commit;

import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Produced;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The order in which a transaction sends its outputs. The outputs of a loop have the order of their
 * sources. The outputs of a pipeline have the order in which its stages made them, over all
 * partitions: an output of a batch may belong to any of them.
 */
final class SendOrder {

  /** Sends one output. */
  @FunctionalInterface
  interface Send {
    void send(Partition<?, ?> partition, Produced produced, ProducerRecord<byte[], byte[]> record);
  }

  private record Place(
      long order,
      Partition<?, ?> partition,
      Produced produced,
      ProducerRecord<byte[], byte[]> record) {}

  private SendOrder() {}

  static <K, V> void forEach(Map<Partition<K, V>, List<Produced>> outputs, Send send) {
    List<Place> ofPipeline = new ArrayList<>();
    outputs.forEach(
        (partition, some) -> {
          for (Produced produced : some) {
            for (int i = 0; i < produced.records().size(); i++) {
              ProducerRecord<byte[], byte[]> record = produced.records().get(i);
              if (produced.isOfPipeline()) {
                ofPipeline.add(new Place(produced.orders().get(i), partition, produced, record));
              } else {
                send.send(partition, produced, record);
              }
            }
          }
        });
    ofPipeline.sort(Comparator.comparingLong(Place::order));
    ofPipeline.forEach(one -> send.send(one.partition(), one.produced(), one.record()));
  }
}
