package dev.millrace.samples.spring;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The total of each customer. Thread-safe. */
@RestController
class Totals {

  private final Map<String, Long> byCustomer = new ConcurrentHashMap<>();

  void add(String customer, long amount) {
    byCustomer.merge(customer, amount, Long::sum);
  }

  @GetMapping("/totals")
  Map<String, Long> all() {
    return new TreeMap<>(byCustomer);
  }
}
