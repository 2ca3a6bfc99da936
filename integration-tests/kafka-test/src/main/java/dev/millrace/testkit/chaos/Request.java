package dev.millrace.testkit.chaos;

import java.util.List;
import java.util.Locale;

/** Requests of Kafka's protocol whose answers may get lost, with their numbers. */
enum Request {
  PRODUCE(0),
  FETCH(1),
  OFFSET_COMMIT(8),
  END_TXN(26),
  TXN_OFFSET_COMMIT(28),
  SHARE_FETCH(78),
  SHARE_ACKNOWLEDGE(79);

  private static final List<Request> OF_TRANSACTIONS = List.of(PRODUCE, TXN_OFFSET_COMMIT, END_TXN);

  final int number;

  Request(int number) {
    this.number = number;
  }

  /** One of the requests by which a worker commits, chosen by the dice. */
  static Request oneOf(Guarantee guarantee, int dice) {
    return guarantee == Guarantee.AT_LEAST_ONCE
        ? OFFSET_COMMIT
        : OF_TRANSACTIONS.get(dice % OF_TRANSACTIONS.size());
  }

  /** For messages. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
