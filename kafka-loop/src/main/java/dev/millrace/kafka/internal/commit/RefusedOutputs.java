package dev.millrace.kafka.internal.commit;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Burial;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * An output of a pipeline that the broker refuses: each record that it was made of becomes a dead
 * letter. The other outputs of these records stay.
 */
final class RefusedOutputs {

  private RefusedOutputs() {}

  static Transactions.Outcome bury(
      Transactions.Failed output, Burial burial, String group, KafkaException why) {
    List<Delivery<?, ?>> members = output.produced().membersOf(output.record());
    try {
      if (members.isEmpty()) {
        bury(output, output.partition(), output.produced().source(), burial, group);
      }
      for (Delivery<?, ?> member : members) {
        bury(output, member.partition(), member.raw(), burial, group);
      }
    } catch (Exception e) { // such as a record that goes round in a circle
      return new Transactions.Fatal(
          new KafkaException("no dead letter for " + why.getMessage(), e));
    }
    return new Transactions.Aborted(why);
  }

  private static void bury(
      Transactions.Failed output,
      Partition<?, ?> partition,
      ConsumerRecord<byte[], byte[]> source,
      Burial burial,
      String group)
      throws Exception {
    var letter = new DeadLetter(source, DeadLetter.HANDLE, 1, output.cause(), group, null);
    Burial.Begun begun = burial.bury(letter);
    partition.commits().bury(letter, begun.produced().getFirst(), output.record());
  }
}
