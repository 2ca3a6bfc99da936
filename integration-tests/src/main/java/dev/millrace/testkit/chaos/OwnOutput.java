package dev.millrace.testkit.chaos;

import dev.millrace.kafka.RecordHandler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Produces with a producer of its own, while the loop commits the offsets. So outputs and offsets
 * are not committed together. The oracle must find this defect.
 */
final class OwnOutput implements RecordHandler<String, String>, AutoCloseable {

  private final String topic;
  private final RecordHandler<String, String> handler;
  private final boolean transactional;
  private final KafkaProducer<String, String> producer;
  private final Lock lock = new ReentrantLock();

  OwnOutput(Worker worker, String topic, RecordHandler<String, String> handler) {
    this.topic = topic;
    this.handler = handler;
    this.transactional = worker.defect() == Defect.FORGETS_OFFSETS;
    Map<String, Object> properties = new HashMap<>(worker.transactionProperties());
    properties.put("bootstrap.servers", worker.settings.text("kafka.bootstrap.servers"));
    if (transactional) {
      properties.put("transactional.id", worker.settings.text("log"));
    } else {
      properties.remove("transaction.timeout.ms");
    }
    this.producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    if (transactional) {
      producer.initTransactions();
    }
  }

  @Override
  public void handle(ConsumerRecord<String, String> record) throws Exception {
    handler.handle(record);
    lock.lock();
    try {
      if (transactional) {
        producer.beginTransaction();
      }
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      Derived.of(record).forEach(one -> sent.add(producer.send(one.in(topic, record.key()))));
      for (Future<RecordMetadata> one : sent) {
        one.get();
      }
      if (transactional) {
        producer.commitTransaction();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
