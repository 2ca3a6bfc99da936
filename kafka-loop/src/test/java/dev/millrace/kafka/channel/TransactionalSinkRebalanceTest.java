package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.pipeline.Sink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A partition is taken away while outputs were made of its records, and of others. */
@ParameterizedClass
@ValueSource(strings = {"channels", "reactor"})
class TransactionalSinkRebalanceTest extends WithTransactionalSource {

  private static final int RECORDS = 8;

  private final AtomicBoolean isQueued = new AtomicBoolean(true);

  /** The broker delivers the records of P0 again whenever the consumer has gone back. */
  private void deliverAgain() {
    long position = mock.assignment().contains(P0) ? mock.position(P0) : RECORDS;
    if (position == RECORDS) {
      isQueued.set(false);
    } else if (isQueued.compareAndSet(false, true)) {
      add(P0, (int) position, RECORDS);
    }
    if (!mock.closed()) {
      mock.schedulePollTask(this::deliverAgain);
    }
  }

  @Test
  void outputsWithRecordsOfALostPartitionAreNeverCommittedAndTheOtherRecordsComeAgain()
      throws Exception {
    assign(RECORDS, P0, P1);
    mock.schedulePollTask(this::deliverAgain);
    var hang = new CountDownLatch(1);
    var source = source().build();
    TransactionalSink<String> batches = sink(source, "batches");
    TransactionalSink<String> singles = sink(source, "singles");
    var run =
        start(
            source
                .pipe("orders")
                .<String>broadcast(
                    "both",
                    List.of(
                        pipe ->
                            batches.stages(
                                pipe.batch("batch", 4, Duration.ofMillis(30))
                                    .map("places", WithTransactionalSource::places)),
                        pipe ->
                            singles.stages(
                                pipe.mapParallelUnordered(
                                    "hang",
                                    64,
                                    record -> {
                                      if (record.partition() == 1) {
                                        hang.await();
                                      }
                                      return place(record) + " " + place(record);
                                    }))))
                .to(Sink.count()));
    await().until(() -> run.report().stages().getFirst().emitted() == 2 * RECORDS);
    mock.schedulePollTask(() -> mock.rebalance(List.of(P0)));
    awaitCommit(P0, RECORDS);
    hang.countDown();
    drain(run);
    assertOutputsAreCommittedWithAllTheirSources();
    List<String> all = new ArrayList<>();
    produced().forEach(output -> all.addAll(Arrays.asList(output.split(" ", -1))));
    assertThat(all).noneMatch(place -> place.startsWith("1@"));
    for (int i = 0; i < RECORDS; i++) {
      assertThat(all.stream().filter(("0@" + i)::equals)).as("0@" + i).hasSize(3);
    }
    assertThat(run.report().stages().getFirst().emitted()).isGreaterThan(2 * RECORDS);
  }

  @Test
  void revokeCommitsTheOutputsThatThePartitionSharesWithOthers() throws Exception {
    assign(RECORDS, P0, P1);
    var source = source().commitInterval(Duration.ofMinutes(1)).build();
    var run =
        start(
            source
                .pipe("orders")
                .batch("all", 2 * RECORDS)
                .map("places", WithTransactionalSource::places)
                .to(sink(source)));
    await().until(() -> run.report().stages().getLast().processed() == 1);
    mock.schedulePollTask(() -> mock.rebalance(List.of(P0)));
    awaitCommit(P1, RECORDS);
    assertThat(committed(P0)).isEqualTo(RECORDS);
    drain(run);
    assertThat(produced()).hasSize(1);
    assertOutputsAreCommittedWithAllTheirSources();
  }
}
