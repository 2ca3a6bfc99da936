package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RateLimit;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Knobs that turn while records come from a real broker, and rebalances happen. */
@ParameterizedClass
@EnumSource(Face.class)
class TuningIT extends WithBroker {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final Map<String, List<Long>> offsets = new ConcurrentHashMap<>();

  @Test
  void nothingIsLostOrOutOfOrderWhileAllKnobsTurn() throws Exception {
    produce(0, 3000);
    var isDown = new AtomicBoolean();
    var random = new Random(17);
    FaceBuilder builder =
        builder(quickly(Map.of()))
            .ordering(Ordering.KEY)
            .concurrency(4)
            .handler(
                record -> {
                  if (isDown.get()) {
                    throw new IOException("the store is down");
                  }
                  offsets
                      .computeIfAbsent(
                          record.partition() + record.key(),
                          key -> Collections.synchronizedList(new ArrayList<>()))
                      .add(record.offset());
                  count(record.value());
                })
            .with(
                settings ->
                    settings
                        .topicConcurrency(6)
                        .hottestKeys(5)
                        .breaker(
                            LoopBreaker.when(e -> e instanceof IOException)
                                .failures(2)
                                .delay(Duration.ofMillis(50))));
    Loop loop = builder.build();
    var running = start(loop);
    for (int i = 0; i < 60; i++) {
      loop.concurrency(1 + random.nextInt(8));
      loop.rateLimit(
          random.nextBoolean() ? RateLimit.NONE : RateLimit.records(200 + random.nextInt(2000)));
      isDown.set(random.nextInt(4) == 0);
      Thread.sleep(10); // the pace of the changes; no synchronisation
    }
    isDown.set(true);
    produce(3000, 3100);
    await().atMost(SOON).until(() -> loop.health().state() == Health.State.SUSPENDED);
    isDown.set(false);
    loop.rateLimit(RateLimit.NONE);
    await().atMost(SOON).until(() -> handled.size() == 3100);
    await().atMost(SOON).until(() -> loop.health().state() != Health.State.SUSPENDED);
    running.drain();
    assertThat(handled.values()).allMatch(times -> times.get() == 1);
    assertThat(offsets.values()).allSatisfy(one -> assertThat(one).isSorted());
    assertThat(loop.status().figures().deadLetters()).isZero();
  }
}
