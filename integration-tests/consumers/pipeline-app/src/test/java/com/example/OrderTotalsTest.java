package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class OrderTotalsTest {
  @Test
  void malformedOrdersFailAndTheOthersAreSummed() throws Exception {
    List<Failure<?>> failures = new CopyOnWriteArrayList<>();
    var run =
        OrderTotals.job(List.of("pen 3", "paper many", "ink 2"))
            .start(Engine.channels(), Context.background(), failures::add);

    assertEquals(1000, run.join());
    assertEquals(1, failures.size());
    assertEquals("parse", failures.getFirst().stage());
    assertEquals("paper many", failures.getFirst().element());
    assertTrue(run.report().balances()); // each order is accounted for
  }
}
