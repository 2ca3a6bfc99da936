package dev.millrace.samples.orders;

/** The price of an order with its shipping, or of all orders of a customer. Immutable. */
record Bill(String customer, long cents) {

  String toCsv() {
    return customer + "," + cents;
  }
}
