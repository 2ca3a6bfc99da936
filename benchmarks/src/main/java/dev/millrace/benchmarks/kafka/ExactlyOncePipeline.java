package dev.millrace.benchmarks.kafka;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.channel.TransactionalSink;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Our exactly-once pipeline on channels: one output for each record, in the order of its key. */
final class ExactlyOncePipeline implements Arm {

  private @Nullable Run<Long> run;

  @Override
  public void start(Job job) {
    String outputs = ExactlyOnceLoop.outputs(job.topic());
    KafkaSource<String, byte[]> source =
        KafkaSource.<String, byte[]>builder()
            .properties(job.properties())
            .topics(job.topic())
            .transactional()
            .build();
    TransactionalSink<ConsumerRecord<String, byte[]>> sink =
        source.sink(
            "produce",
            record -> new ProducerRecord<>(outputs, record.key(), record.value()),
            new StringSerializer(),
            new ByteArraySerializer());
    run = worked(source, job).to(sink).start(Engine.channels(), Context.background());
  }

  /** The records, after the work of their handler. */
  static Pipe<ConsumerRecord<String, byte[]>> worked(KafkaSource<String, byte[]> source, Job job) {
    return source
        .pipe("records")
        .map(
            "work",
            record -> {
              job.work().handle(record);
              return record;
            });
  }

  @Override
  public void close() {
    if (run != null) {
      run.close();
    }
  }
}
