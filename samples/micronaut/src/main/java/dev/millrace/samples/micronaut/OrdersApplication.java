package dev.millrace.samples.micronaut;

import io.micronaut.runtime.Micronaut;

/** Sums the amounts of orders. */
public final class OrdersApplication {

  private OrdersApplication() {}

  /** Runs until SIGTERM. */
  public static void main(String[] args) {
    Micronaut.run(OrdersApplication.class, args);
  }
}
