package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.simulation.SimulatedProducer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/** The producers of a member in the simulation. They tell the oracle where records go. */
final class MemberProducers {

  private final SimulatedMember member;

  MemberProducers(SimulatedMember member) {
    this.member = member;
  }

  /** A producer of transactions, or without them and without a thread. */
  Producer<byte[], byte[]> inTransactions(Map<String, Object> properties) {
    return producer(
        properties,
        "3000",
        new SimulatedProducer.Interceptor() {
          @Override
          public void sends(ProducerRecord<byte[], byte[]> record) {
            if (record.topic().equals(SimulatedRound.LETTERS)) {
              tell(Kind.LETTER, letter(record.headers()), "in a transaction");
            }
          }
        });
  }

  /** A producer of retries and dead letters, with a thread of its own. */
  Producer<byte[], byte[]> ofLetters(Map<String, Object> properties) {
    return producer(
            properties,
            "2000",
            new SimulatedProducer.Interceptor() {
              @Override
              public void acknowledged(ProducerRecord<byte[], byte[]> record) {
                Headers headers = record.headers();
                if (record.topic().equals(SimulatedRound.RETRIES)) {
                  tell(Kind.LETTER, retry(headers), "for a retry");
                } else {
                  boolean isOfRetryTopic =
                      number(headers, DeadLetterHeaders.ATTEMPTS) > SimulatedRound.ATTEMPTS;
                  tell(isOfRetryTopic ? Kind.RETRY_LETTER : Kind.LETTER, letter(headers), "");
                }
              }
            })
        .sender();
  }

  private SimulatedProducer producer(
      Map<String, Object> properties,
      String maxBlockMillis,
      SimulatedProducer.Interceptor interceptor) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("max.block.ms", maxBlockMillis);
    all.put("transaction.timeout.ms", "5000");
    return new SimulatedProducer(member.round.broker, member.link, all, interceptor);
  }

  private void tell(Kind kind, LetterLookup.Position of, String text) {
    member.tell(kind, of.partition(), of.offset(), -1, "", text);
  }

  /** The position of the record of a dead letter. */
  static LetterLookup.Position letter(Headers headers) {
    return position(headers, DeadLetterHeaders.PARTITION, DeadLetterHeaders.OFFSET);
  }

  /** The position of a record of the retry topic when it was an input. */
  static LetterLookup.Position retry(Headers headers) {
    return position(headers, RetryHeaders.PARTITION, RetryHeaders.OFFSET);
  }

  private static LetterLookup.Position position(Headers headers, String partition, String offset) {
    return new LetterLookup.Position(
        Math.toIntExact(number(headers, partition)), number(headers, offset));
  }

  private static long number(Headers headers, String name) {
    return Long.parseLong(new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8));
  }
}
