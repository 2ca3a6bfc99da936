package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.ledger.Ledger;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunReportTest {

  @Test
  void explainsWhoWaitsForWhat() {
    var ledger = new Ledger();
    var source = ledger.open("source");
    var map = ledger.open("map");
    var batch = ledger.open("batch");
    var sink = ledger.open("sink");
    source.produced();
    source.emitted();
    source.produced();
    source.waitsForOutput();
    map.received();
    batch.waitsForInput();
    sink.hasInput();
    assertThat(ledger.report().explain().lines())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .matches("source: waits for the next stage to take an element, for \\d+ .?s;.*")
                    .contains("emitted 1, queued 1"),
            line -> assertThat(line).startsWith("map: runs its function").contains("in flight 1"),
            line -> assertThat(line).matches("batch: waits for an element, for \\d+ .?s;.*"),
            line -> assertThat(line).startsWith("sink: runs;"));
  }

  @Test
  void explainsThatItHasEnded() {
    var ledger = new Ledger();
    ledger.open("source").waitsForInput();
    ledger.close();
    assertThat(ledger.report().explain()).startsWith("source: ended");
    assertThat(ledger.report().done()).isTrue();
  }

  @Test
  void unknownStageIsNamed() {
    assertThatThrownBy(() -> new Ledger().report().stage("none"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'none'");
  }

  @Test
  void textIsATable() {
    var stage =
        new StageReport(
            "enrich",
            12,
            10,
            1,
            0,
            0,
            1,
            1,
            10,
            8,
            0,
            2,
            Duration.ofMillis(1250),
            Duration.ofMillis(5),
            Duration.ZERO,
            Duration.ofMillis(7));
    var report = new RunReport(List.of(stage), Duration.ofSeconds(90), false);
    assertThat(report.toString().lines())
        .containsExactly(
            "run goes on for 1 min 30 s",
            "stage   received  processed  failed  dropped  in flight  emitted  queued"
                + "  waited for input  waited for room",
            "enrich        12         10       1        0          1        8       2"
                + "             1.2 s            12 ms");
  }
}
