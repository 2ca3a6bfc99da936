package dev.millrace.benchmarks.kafka;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.kafka.share.ShareLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;

/** A share group: the textbook loop over Kafka's share consumer, or the loop of Millrace. */
final class ShareGroups implements Arm {

  /** The consumer that is measured. */
  enum Kind {
    /** Poll, handle one record after the other, accept each. */
    TEXTBOOK,
    /** The loop, with its defaults and many handlers. */
    LOOP,
    /** The loop, with Kafka's default of fetching whole batches. */
    LOOP_BATCHES
  }

  private static final int HANDLERS = 1000;
  private static final int LOOK_AHEAD = 2000;

  private final Kind kind;
  private final CancellableContext context = Context.background().withCancel();
  private volatile boolean closed;
  private @Nullable Thread thread;

  ShareGroups(Kind kind) {
    this.kind = kind;
  }

  @Override
  public void start(Job job) {
    startAtTheBeginning(job);
    Map<String, Object> properties = new HashMap<>(job.properties());
    properties.remove(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG);
    thread = Thread.ofPlatform().name("share").start(() -> run(job, properties));
  }

  /** A share group has this setting in the cluster. */
  private static void startAtTheBeginning(Job job) {
    var entry = new ConfigEntry("share.auto.offset.reset", "earliest");
    var group = new ConfigResource(ConfigResource.Type.GROUP, job.group());
    try (Admin admin =
        Admin.create(
            Map.<String, Object>of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, job.bootstrapServers()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(group, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
          .all()
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private void run(Job job, Map<String, Object> properties) {
    try {
      if (kind == Kind.TEXTBOOK) {
        textbook(job, properties);
      } else {
        loop(job, properties);
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (CancellationException e) {
      closed = true; // this is how it ends
    }
  }

  private void textbook(Job job, Map<String, Object> properties) throws InterruptedException {
    properties.put("share.acknowledgement.mode", "explicit");
    try (var consumer = new KafkaShareConsumer<String, byte[]>(properties)) {
      consumer.subscribe(List.of(job.topic()));
      while (!closed) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          job.work().handle(record);
          consumer.acknowledge(record, AcknowledgeType.ACCEPT);
        }
      }
    }
  }

  private void loop(Job job, Map<String, Object> properties)
      throws InterruptedException, ExecutionException {
    if (kind == Kind.LOOP_BATCHES) {
      properties.put("share.acquire.mode", "batch_optimized");
    }
    ShareLoop.<String, byte[]>builder()
        .properties(properties)
        .topics(job.topic())
        .concurrency(HANDLERS)
        .lookAhead(LOOK_AHEAD)
        .handler(job.work()::handle)
        .build()
        .run(context);
  }

  @Override
  public void close() {
    closed = true;
    context.close();
    Threads.join(thread);
  }
}
