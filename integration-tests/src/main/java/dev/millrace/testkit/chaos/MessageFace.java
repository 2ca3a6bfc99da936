package dev.millrace.testkit.chaos;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.channel.ChannelConsumer;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.service.ProcessSignals;
import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Loops that an application writes over messages: over {@link ChannelConsumer}, with a select in
 * the main thread and a number of workers; over {@link MessageFlux}, with a {@code flatMap}.
 */
final class MessageFace implements Face {

  /** How long running handlers may take when the process is to end. */
  private static final Duration DRAIN = Duration.ofSeconds(2);

  private static final Duration CLOSE = Duration.ofSeconds(3);

  private final boolean isFlux;
  private final Worker worker;
  private final RecordHandler<String, String> handler;
  private final int concurrency;
  private volatile boolean isEnding;

  MessageFace(String name, Worker worker) {
    this.isFlux = name.endsWith("-reactor");
    this.worker = worker;
    this.handler = new PlantedHandler(worker);
    int allowed = worker.settings.number("concurrency");
    this.concurrency = worker.defect() == Defect.TOO_MANY_AT_ONCE ? 2 * allowed : allowed;
  }

  @Override
  public int run() throws Exception {
    return isFlux ? flux() : channels();
  }

  private int channels() throws Exception {
    List<Thread> workers = new ArrayList<>();
    try (var signals = ProcessSignals.catching("TERM");
        var consumer = with(ChannelConsumer.<String, String>builder()).open()) {
      for (int i = 0; i < concurrency; i++) {
        workers.add(Thread.ofVirtual().name("worker-" + i).start(() -> work(consumer)));
      }
      var select =
          new Select<Boolean>()
              .onReceive(consumer.errors(), this::survived, () -> false)
              .onReceive(consumer.notifications(), change -> true, () -> false)
              .onReceive(signals.received(), signal -> false);
      while (select.select()) {} // until SIGTERM, or the end of the consumer
      isEnding = true;
      end(workers);
      return consumer.messages().isClosed() ? 1 : 0;
    }
  }

  private boolean survived(Exception error) {
    worker.log.say(Kind.SURVIVED, -1, -1, error.toString());
    return true;
  }

  private void work(ChannelConsumer<String, String> consumer) {
    try {
      while (!isEnding) {
        process(consumer.messages().receive());
      }
    } catch (ChannelClosedException e) {
      survived(e); // the main thread sees that too
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the process ends
    }
  }

  /** Workers that wait for a message, or take too long, are interrupted. */
  private static void end(List<Thread> workers) throws InterruptedException {
    long deadline = System.nanoTime() + DRAIN.toNanos();
    for (Thread one : workers) {
      boolean waits = one.getState() == Thread.State.WAITING;
      long left = deadline - System.nanoTime();
      if (waits || left <= 0 || !one.join(Duration.ofNanos(left))) {
        one.interrupt();
      }
    }
    for (Thread one : workers) {
      one.join();
    }
  }

  private int flux() throws Exception {
    var failure = new AtomicReference<@Nullable Throwable>();
    var ended = new CountDownLatch(1);
    try (var signals = ProcessSignals.catching("TERM")) {
      var subscription =
          with(MessageFlux.<String, String>builder())
              .onError(this::survived)
              .onNotification(change -> {})
              .flux()
              .flatMap(this::processed, concurrency)
              .subscribe(
                  done -> {},
                  error -> {
                    failure.set(error);
                    ended.countDown();
                  });
      Thread.ofPlatform().daemon().name("signals").start(() -> await(signals.received(), ended));
      ended.await();
      subscription.dispose();
    }
    long deadline = System.nanoTime() + CLOSE.toNanos();
    while (!Leftovers.threads().isEmpty() && System.nanoTime() - deadline < 0) {} // it waits
    if (failure.get() != null) {
      worker.log.say(Kind.SURVIVED, -1, -1, "the flux has ended: " + failure.get());
    }
    return failure.get() == null ? 0 : 1;
  }

  private static void await(ReceiveChannel<String> signals, CountDownLatch ended) {
    for (String _ : signals) {
      ended.countDown();
    }
  }

  private Mono<Void> processed(Message<String, String> message) {
    return Mono.<Void>fromCallable(
            () -> {
              process(message);
              return null;
            })
        .subscribeOn(Schedulers.boundedElastic());
  }

  /** Handles a message, with retries, or puts its record into the dead letters. */
  private void process(Message<String, String> message) throws InterruptedException {
    for (int attempt = 1; message.begin(); attempt++) {
      try {
        if (isDone(message, attempt)) {
          message.settle();
          return;
        }
      } finally {
        message.abandon(); // has no effect on a settled message
      }
      Thread.sleep(20L << Math.min(attempt, 4)); // the backoff; others may get the partition
    }
  }

  /** An attempt. A record without attempts left goes to the dead letters. */
  private boolean isDone(Message<String, String> message, int attempt) throws InterruptedException {
    String stage = DeadLetter.DESERIALIZE;
    try {
      ConsumerRecord<String, String> record = message.record();
      stage = DeadLetter.HANDLE;
      if (attempt <= Worker.ATTEMPTS) {
        handler.handle(record);
        return true;
      }
      return isBuried(message, stage, new IllegalStateException("it has failed"));
    } catch (RecordDeserializationException e) {
      return isBuried(message, stage, e);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      return attempt >= Worker.ATTEMPTS && isBuried(message, stage, e);
    }
  }

  private boolean isBuried(Message<String, String> message, String stage, Exception cause)
      throws InterruptedException {
    try {
      worker.bury(new DeadLetter(message.raw(), stage, Worker.ATTEMPTS, cause));
      return true;
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      return false; // it is in the log
    }
  }

  private <B extends ConsumerBuilder<String, String, B>> B with(B builder) {
    return builder
        .properties(worker.consumerProperties())
        .deserializers(new TextDeserializer(), new TextDeserializer())
        .topics(worker.settings.text("topic"))
        .ordering(worker.defect() == Defect.TWO_OF_A_KEY ? Ordering.UNORDERED : worker.ordering())
        .buffer(100)
        .lookAhead(1000)
        .commitInterval(Duration.ofMillis(200))
        .commitEvery(100)
        .revokeTimeout(Duration.ofSeconds(1))
        .closeTimeout(CLOSE)
        .observer(new FaceObserver(worker));
  }
}
