package dev.millrace.kafka.internal.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LatenciesTest {

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5); // near the overflow
  private final Latencies latencies = new Latencies(clock::get);

  @Test
  void percentilesAreNotExceeded() {
    for (int i = 1; i <= 1000; i++) {
      latencies.record(Duration.ofMillis(i).toNanos());
    }
    var now = latencies.now();
    assertThat(now.count()).isEqualTo(1000);
    assertThat(now.p50()).isBetween(Duration.ofMillis(500), Duration.ofMillis(532));
    assertThat(now.p90()).isBetween(Duration.ofMillis(900), Duration.ofMillis(957));
    assertThat(now.p99()).isBetween(Duration.ofMillis(990), Duration.ofMillis(1052));
    assertThat(now.max()).isBetween(Duration.ofMillis(1000), Duration.ofMillis(1063));
  }

  @Property
  void everyTimeIsKeptToASixteenth(@ForAll @LongRange(min = -10) long nanoseconds) {
    var one = new Latencies(() -> 0);
    one.record(nanoseconds);
    long real = Math.max(0, nanoseconds);
    assertThat(one.now().max().toNanos()).isGreaterThanOrEqualTo(real);
    assertThat(one.now().max().toNanos() - real).isLessThanOrEqualTo(real / 16);
  }

  @Test
  void nothingIsZero() {
    assertThat(latencies.now().count()).isZero();
    assertThat(latencies.now().max()).isZero();
  }

  @Test
  void theLastHalfToWholeMinuteCounts() {
    latencies.record(1);
    clock.addAndGet(Duration.ofSeconds(31).toNanos());
    latencies.record(2);
    assertThat(latencies.now().count()).isEqualTo(2);
    clock.addAndGet(Duration.ofSeconds(31).toNanos());
    assertThat(latencies.now().count()).isEqualTo(1);
    clock.addAndGet(Duration.ofMinutes(10).toNanos());
    assertThat(latencies.now().count()).isZero();
  }
}
