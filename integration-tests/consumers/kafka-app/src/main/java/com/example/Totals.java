package com.example;

import java.util.concurrent.ConcurrentHashMap;

/** The total of each customer. */
public final class Totals {
  private final ConcurrentHashMap<String, Long> byCustomer = new ConcurrentHashMap<>();

  void add(String customer, long amount) {
    byCustomer.merge(customer, amount, Long::sum);
  }

  public long of(String customer) {
    return byCustomer.getOrDefault(customer, 0L);
  }
}
