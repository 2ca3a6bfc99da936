package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;

/** A loop of any face with dead letters that the test keeps. */
public abstract class WithLetters extends WithMockConsumer {

  static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));
  static final String RECORDS = "dev.millrace.kafka.records";
  static final String LOOP = "dev.millrace.kafka.loop";

  final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());

  /** The builder of a loop of that face with that handler. */
  protected abstract LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler);

  LoopBuilder<String, String, ?> poisoned() {
    return handling(
        record -> {
          throw new IOException("poison of\n" + record.value());
        });
  }

  FutureTask<String> startAndAwaitCommit(Loop loop, long offset) {
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == offset);
    return running;
  }

  static void drain(Loop loop, FutureTask<String> running) throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }
}
