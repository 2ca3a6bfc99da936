package dev.millrace.samples.orders;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.nio.file.Path;

/** The pipeline: from a file of orders to a file with the total of each customer. */
final class OrdersJob {

  private static final int CALLS = 16;
  private static final int LANES = 4;

  private OrdersJob() {}

  /**
   * The blueprint; it may be started any number of times, on any engine. The file of totals is
   * written as a whole or not at all.
   *
   * @param deadLetters receives the lines that are no orders, and the orders without a price
   */
  static Pipeline<Long> of(
      Path orders, StageFunction<Order, Bill> pricing, FailurePolicy deadLetters, Path totals) {
    return Pipe.from("orders", Source.lines(orders))
        .skip("header", 1)
        .onFailure(deadLetters) // for all stages from here on
        .map("parse", Order::parse)
        .mapParallelUnordered("price", CALLS, pricing) // totals need no order
        .partitionBy("customers", Bill::customer, LANES, lane -> lane.via("total", Totals::new))
        .map("line", Bill::toCsv)
        .to(Sink.lines(totals));
  }
}
