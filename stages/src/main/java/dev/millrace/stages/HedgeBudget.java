package dev.millrace.stages;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A token bucket that every call fills a little, and every additional call takes one token from.
 * Thread-safe.
 */
final class HedgeBudget {

  private static final long TOKEN = 1_000_000;
  private static final long MAX = 10 * TOKEN;
  private static final HedgeBudget UNLIMITED = new HedgeBudget(0);

  private final long share; // of a token, for each call; 0 for no limit
  private final AtomicLong left = new AtomicLong(MAX);

  private HedgeBudget(long share) {
    this.share = share;
  }

  static HedgeBudget unlimited() {
    return UNLIMITED;
  }

  static HedgeBudget of(double fraction) {
    if (!(fraction > 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          "the budget must be more than 0 and at most 1, but is " + fraction);
    }
    return new HedgeBudget(Math.max(1, Math.round(fraction * TOKEN)));
  }

  void called() {
    if (share > 0) {
      left.updateAndGet(tokens -> Math.min(MAX, tokens + share));
    }
  }

  boolean take() {
    return share == 0
        || left.getAndUpdate(tokens -> tokens < TOKEN ? tokens : tokens - TOKEN) >= TOKEN;
  }
}
