package dev.millrace.pipeline.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Threads;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.time.Duration;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LedgerTest {

  @Test
  void accountsOfAStageAreAddedUp() {
    var ledger = new Ledger();
    Account first = ledger.open("map");
    Account second = ledger.open("map");
    first.received();
    first.processed();
    first.produced();
    first.emitted();
    second.received();
    second.failed();
    second.received();
    second.dropped();
    StageReport map = ledger.report().stage("map");
    assertThat(map.received()).isEqualTo(3);
    assertThat(map.processed()).isEqualTo(1);
    assertThat(map.failed()).isEqualTo(1);
    assertThat(map.dropped()).isEqualTo(1);
    assertThat(map.emitted()).isEqualTo(1);
    assertThat(map.balances()).isTrue();
  }

  @Test
  void whatIsLeftAtTheEndIsUnprocessedOrUndelivered() {
    var ledger = new Ledger();
    Account map = ledger.open("map");
    map.received();
    map.received();
    map.processed();
    map.produced();
    StageReport running = ledger.report().stage("map");
    assertThat(running.inFlight()).isEqualTo(1);
    assertThat(running.queued()).isEqualTo(1);
    assertThat(running.unprocessed()).isZero();
    ledger.close();
    StageReport ended = ledger.report().stage("map");
    assertThat(ended.inFlight()).isZero();
    assertThat(ended.queued()).isZero();
    assertThat(ended.unprocessed()).isEqualTo(1);
    assertThat(ended.undelivered()).isEqualTo(1);
    assertThat(ended.balances()).isTrue();
  }

  @Test
  void whatIsCountedTwiceDoesNotBalance() {
    var ledger = new Ledger();
    Account map = ledger.open("map");
    map.received();
    map.processed();
    map.failed();
    ledger.close();
    assertThat(ledger.report().balances()).isFalse();
    var lost = new Ledger();
    lost.open("map").emitted();
    lost.close();
    assertThat(lost.report().balances()).isFalse();
  }

  @Test
  void whileItRunsWhatIsSeenOfALaterCountIsBelieved() {
    var ledger = new Ledger();
    Account map = ledger.open("map");
    map.received();
    map.processed();
    map.dropped(); // the reader sees this count before the count of its element
    map.emitted(); // the same for an emitted element
    StageReport seen = ledger.report().stage("map");
    assertThat(seen.balances()).isTrue();
    assertThat(seen.received()).isEqualTo(2);
    assertThat(seen.inFlight()).isZero();
    assertThat(seen.produced()).isEqualTo(1);
    assertThat(seen.queued()).isZero();
  }

  @Test
  void stagesAreReportedInTheOrderOfTheirFirstAccounts() {
    var ledger = new Ledger();
    ledger.open("b");
    ledger.open("a");
    ledger.open("b");
    assertThat(ledger.report().stages()).extracting(StageReport::name).containsExactly("b", "a");
  }

  @Test
  void waitingIsMeasuredAndEnds() {
    var ledger = new Ledger();
    Account map = ledger.open("map");
    map.hasInput();
    assertThat(ledger.report().stage("map").waitedForInput()).isZero();
    map.waitsForInput();
    map.waitsForOutput();
    assertThat(ledger.report().stage("map").waitingForInput()).isPositive();
    assertThat(ledger.report().stage("map").waitingForOutput()).isPositive();
    map.hasInput();
    map.hasOutput();
    StageReport after = ledger.report().stage("map");
    assertThat(after.waitingForInput()).isZero();
    assertThat(after.waitingForOutput()).isZero();
    assertThat(after.waitedForInput()).isPositive();
    assertThat(after.waitedForOutput()).isPositive();
    map.waitsForInput();
    ledger.close();
    assertThat(ledger.report().stage("map").waitingForInput()).isZero();
  }

  @Test
  void clockStopsAtTheEnd() {
    var ledger = new Ledger();
    ledger.close();
    Duration elapsed = ledger.report().elapsed();
    assertThat(ledger.report().elapsed()).isEqualTo(elapsed);
  }

  /** The producing thread and the taking thread have accounts of their own. */
  @Test
  void reportsDuringTheRunBalance() throws Exception {
    var ledger = new Ledger();
    var handed = new SynchronousQueue<Integer>();
    var stop = new AtomicBoolean();
    Account producer = ledger.open("map");
    Account taker = ledger.open("map");
    try (var threads = new Threads()) {
      var produces =
          threads.start(
              () -> {
                while (!stop.get()) {
                  producer.received();
                  producer.produced();
                  handed.put(1);
                }
                handed.put(0);
                return null;
              });
      var takes =
          threads.start(
              () -> {
                while (handed.take() == 1) {
                  taker.processed();
                  taker.emitted();
                }
                return null;
              });
      for (int i = 0; i < 20_000; i++) {
        StageReport report = ledger.report().stage("map");
        assertThat(report.balances()).as("%s", report).isTrue();
      }
      stop.set(true);
      produces.get();
      takes.get();
    }
  }

  @Test
  void whatIsPassedToTheNextStageIsProcessedProducedAndEmittedByTheOneBefore() {
    var ledger = new Ledger();
    Account first = ledger.open("first");
    Account second = ledger.open("second", "first");
    first.processedIfPassedTo(second);
    first.received();
    assertThat(first.inFlight()).isEqualTo(1);
    second.passed();
    assertThat(first.inFlight()).isZero();
    assertThat(second.inFlight()).isEqualTo(1);
    StageReport before = ledger.report().stage("first");
    assertThat(before.processed()).isEqualTo(1);
    assertThat(before.produced()).isEqualTo(1);
    assertThat(before.emitted()).isEqualTo(1);
    assertThat(ledger.report().stage("second").received()).isEqualTo(1);
    assertThat(ledger.report().balances()).isTrue();
  }

  /** A stage that makes several elements of one passes on more than it has processed. */
  @Test
  void whatIsPassedByAStageThatCountsItselfIsNotProcessedTwice() {
    var ledger = new Ledger();
    Account many = ledger.open("many");
    Account next = ledger.open("next", "many");
    many.received();
    next.passed();
    next.passed();
    many.processed();
    StageReport made = ledger.report().stage("many");
    assertThat(made.processed()).isEqualTo(1);
    assertThat(made.produced()).isEqualTo(2);
    assertThat(made.balances()).isTrue();
  }

  /** The reader may see the counts in another order than the thread has made them. */
  @Test
  void reportsBalanceWhileElementsPassThroughStagesInOneCall() throws Exception {
    var ledger = new Ledger();
    var stop = new AtomicBoolean();
    Account first = ledger.open("first");
    Account second = ledger.open("second", "first");
    first.processedIfPassedTo(second);
    try (var threads = new Threads()) {
      var passes =
          threads.start(
              () -> {
                while (!stop.get()) {
                  first.received();
                  second.passed();
                  second.processed();
                  second.produced();
                  second.emitted();
                }
                return null;
              });
      for (int i = 0; i < 20_000; i++) {
        RunReport report = ledger.report();
        assertThat(report.balances()).as("%s", report).isTrue();
      }
      stop.set(true);
      passes.get();
    }
  }
}
