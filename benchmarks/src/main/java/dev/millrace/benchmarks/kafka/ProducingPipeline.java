package dev.millrace.benchmarks.kafka;

import dev.millrace.context.Context;
import dev.millrace.kafka.KafkaSink;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Run;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Our pipeline on channels with a sink that produces, at least once: a record is settled when the
 * broker has acknowledged its output.
 */
final class ProducingPipeline implements Arm {

  private @Nullable Run<Long> run;

  @Override
  public void start(Job job) {
    String outputs = ExactlyOnceLoop.outputs(job.topic());
    KafkaSource<String, byte[]> source =
        KafkaSource.<String, byte[]>builder()
            .properties(job.properties())
            .topics(job.topic())
            .build();
    KafkaSink<ConsumerRecord<String, byte[]>> sink =
        KafkaSink.builder(
                (ConsumerRecord<String, byte[]> record) ->
                    new ProducerRecord<>(outputs, record.key(), record.value()))
            .properties(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, job.bootstrapServers()))
            .serializers(new StringSerializer(), new ByteArraySerializer())
            .build();
    run =
        ExactlyOncePipeline.worked(source, job)
            .to(sink)
            .start(Engine.channels(), Context.background());
  }

  @Override
  public void close() {
    if (run != null) {
      run.close();
    }
  }
}
