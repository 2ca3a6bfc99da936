package com.example;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.time.Duration;
import java.util.List;

/** Sums the prices of orders. */
public final class OrderTotals {
  private OrderTotals() {}

  /** An order such as "pen 3": three pens. */
  record Order(String article, long count) {
    static Order parse(String line) {
      String[] words = line.split(" ");
      return new Order(words[0], Long.parseLong(words[1]));
    }
  }

  /** The job: lines in, the sum of all prices out. It is a value; nothing runs yet. */
  static Pipeline<Long> job(List<String> lines) {
    return Pipe.from(Source.of(lines))
        .map("parse", Order::parse)
        .mapParallel("price", 8, OrderTotals::price) // at most 8 calls at once, results in order
        .to(Sink.fold(() -> 0L, Long::sum));
  }

  private static long price(Order order) throws InterruptedException {
    Thread.sleep(Duration.ofMillis(10)); // in place of a request to a service: it may block
    return order.count() * 200;
  }

  public static void main(String[] args) throws Exception {
    var lines = List.of("pen 3", "paper many", "ink 2");
    try (var context = Context.background().withTimeout(Duration.ofMinutes(1))) {
      var run =
          job(lines)
              .start(
                  Engine.channels(), context, failure -> System.err.println("failed: " + failure));
      System.out.println("sum: " + run.join());
      System.out.println(run.report());
    }
  }
}
