package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.LetterPromises;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The same with publishers. Each has a thread of its own, which may block. */
class ReactorLettersTest extends LetterPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }

  /**
   * Reactor throws such errors in the thread of the scheduler, and tells no subscriber of them
   * (Exceptions.throwIfFatal).
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void errorInASchedulerIsAFailureOfTheRecord(int attempts) throws Exception {
    assign(3, P0);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    var loop =
        WithMockReceiver.reactive(mock, errors)
            .retry(attempts, Backoff.none())
            .deadLetters(letters::add)
            .handler(
                record ->
                    Mono.delay(Duration.ofMillis(1))
                        .publishOn(Schedulers.boundedElastic())
                        .map(
                            tick -> {
                              if (record.offset() == 1) {
                                throw new StackOverflowError();
                              }
                              return tick;
                            }))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 3);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
    assertThat(letters).hasSize(1);
    assertThat(letters.getFirst().cause()).isInstanceOf(StackOverflowError.class);
    assertThat(letters.getFirst().attempts()).isEqualTo(attempts);
  }

  @Test
  void errorOfLinkageInASchedulerStopsTheLoopAndNamesTheRecord() {
    assign(1, P0);
    var loop =
        WithMockReceiver.reactive(mock, errors)
            .handler(
                record ->
                    Mono.delay(Duration.ofMillis(1))
                        .map(
                            tick -> {
                              throw new NoClassDefFoundError("org/example/Missing");
                            }))
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(NoClassDefFoundError.class)
        .hasMessageContaining("orders-0 at offset 0");
  }
}
