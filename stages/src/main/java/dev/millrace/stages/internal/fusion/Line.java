package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.ledger.Account;
import java.util.List;

/** A chain from its feed to its end, with code of its own. Used by one thread at a time. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class Line implements Template {

  /** The number of elements in a batch. */
  static final int BATCH = 64;

  /** How many mappings can have code of their own. */
  static final int SLOTS = 8;

  Feed feed;

  /** Counts the elements that come in, as passed. */
  Account in;

  Call call0;
  Call call1;
  Call call2;
  Call call3;
  Call call4;
  Call call5;
  Call call6;
  Call call7;
  Taker end;

  final void bind(Feed feed, Account in, List<Call> calls, Taker end) {
    this.feed = feed;
    this.in = in;
    call0 = slot(calls, 0);
    call1 = slot(calls, 1);
    call2 = slot(calls, 2);
    call3 = slot(calls, 3);
    call4 = slot(calls, 4);
    call5 = slot(calls, 5);
    call6 = slot(calls, 6);
    call7 = slot(calls, 7);
    this.end = end;
  }

  private static Call slot(List<Call> calls, int index) {
    return index < calls.size() ? calls.get(index) : NoCall.INSTANCE;
  }

  /** Runs at most {@link #BATCH} elements; false if the feed has no more. */
  abstract boolean batch();
}
