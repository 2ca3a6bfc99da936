package dev.millrace.samples.micronaut;

import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The total of each customer. Thread-safe. */
@Controller("/totals")
class Totals {

  private final Map<String, Long> byCustomer = new ConcurrentHashMap<>();

  void add(String customer, long amount) {
    byCustomer.merge(customer, amount, Long::sum);
  }

  @Get
  Map<String, Long> all() {
    return new TreeMap<>(byCustomer);
  }
}
