package dev.millrace.samples.orders;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.Map;
import java.util.TreeMap;

/** Adds the bills of each customer up, and emits the sums at the end. One thread at a time. */
final class Totals implements Transform<Bill, Bill> {

  private final Map<String, Long> cents = new TreeMap<>();

  @Override
  public Outcome accept(Bill bill, Emitter<? super Bill> out) {
    cents.merge(bill.customer(), bill.cents(), Long::sum);
    return Outcome.USED;
  }

  @Override
  public void end(Emitter<? super Bill> out) throws Exception {
    for (Map.Entry<String, Long> total : cents.entrySet()) {
      out.emit(new Bill(total.getKey(), total.getValue()));
    }
  }
}
