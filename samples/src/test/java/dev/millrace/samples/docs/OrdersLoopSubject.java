package dev.millrace.samples.docs;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import dev.millrace.testkit.chaos.Subject;
import dev.millrace.testkit.chaos.SubjectRun;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.StringDeserializer;

// doc:begin
/** The same with Millrace's loop. Its observer reports the partitions. */
public final class OrdersLoopSubject implements Subject {

  @Override
  public void run(SubjectRun run) throws Exception {
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(run.consumerProperties())
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(run.topic())
            .concurrency(16)
            .revokeTimeout(Duration.ofSeconds(1))
            .closeTimeout(Duration.ofSeconds(3))
            .observer(reporting(run))
            .handler(
                order -> {
                  run.started(order);
                  run.handled(order); // your own code comes before this line
                })
            .build();
    LoopProcess.run(loop, Duration.ofSeconds(5)); // until SIGTERM
  }

  private static ConsumerObserver reporting(SubjectRun run) {
    return new ConsumerObserver() {
      @Override
      public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
        var partition = status.get().partition();
        run.assigned(partition);
        return new PartitionObserver() {
          @Override
          public void released() {
            run.released(partition, status.get().inFlight());
          }
        };
      }
    };
  }
}

// doc:end
