package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.graph.Ledger;
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
}
