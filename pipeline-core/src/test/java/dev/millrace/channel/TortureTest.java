package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random programs over channels: no element is lost or comes twice, the order is kept, no waiter is
 * left behind, and every thread ends; see {@link TortureRound}.
 *
 * <p>{@code -Dtorture.seed=…} replays the plan of a failed round many times, because the threads
 * may interleave in another way each time. {@code -Dtorture.minutes=…} tries new plans for this
 * time.
 */
class TortureTest {

  private static final int ROUNDS = 25;
  private static final int REPLAYS = 300;

  private final @Nullable Long seed = Long.getLong("torture.seed");
  private final long minutes = Long.getLong("torture.minutes", 0);

  @ParameterizedTest
  @ValueSource(longs = {20_261_121, 271_828})
  void nothingIsLostWithAFixedSeed(long first) {
    assumeTrue(seed == null && minutes == 0);
    run(first, ROUNDS);
  }

  @Test
  void nothingIsLostWithARandomSeed() {
    assumeTrue(seed == null && minutes == 0);
    run(ThreadLocalRandom.current().nextLong(Integer.MAX_VALUE), ROUNDS);
  }

  @Test
  void nothingIsLostWithTheGivenSeed() {
    assumeTrue(seed != null);
    for (int i = 0; i < REPLAYS && seed != null; i++) {
      new TortureRound(seed).run();
    }
  }

  @Test
  void nothingIsLostForMinutes() {
    assumeTrue(minutes > 0);
    long first = ThreadLocalRandom.current().nextLong(Integer.MAX_VALUE);
    long start = System.nanoTime();
    long end = start + Duration.ofMinutes(minutes).toNanos();
    long received = 0;
    int rounds = 0;
    while (System.nanoTime() < end) {
      received += new TortureRound(first + rounds++).run();
    }
    System.out.printf(
        "torture: seeds %d to %d, %d rounds, %d elements in %d s%n",
        first, first + rounds - 1, rounds, received, (System.nanoTime() - start) / 1_000_000_000);
    assertThat(received).isPositive();
  }

  private static void run(long first, int rounds) {
    System.out.printf("torture: seeds %d to %d%n", first, first + rounds - 1);
    long received = 0;
    for (int i = 0; i < rounds; i++) {
      received += new TortureRound(first + i).run();
    }
    assertThat(received).isPositive();
  }
}
