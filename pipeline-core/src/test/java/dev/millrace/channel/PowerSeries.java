package dev.millrace.channel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A power series. Its coefficients are requested one at a time over channels. Every operation has a
 * thread of its own. After McIlroy, "Squinting at Power Series" (1990).
 */
final class PowerSeries {

  private final Threads threads;
  private final Channel<Boolean> requests = Channel.rendezvous();
  private final Channel<Rational> coefficients = Channel.rendezvous();

  /** Gives the coefficients. */
  @FunctionalInterface
  private interface Body {
    void run(PowerSeries result) throws InterruptedException;
  }

  private PowerSeries(Threads threads) {
    this.threads = threads;
  }

  private static PowerSeries start(Threads threads, Body body) {
    var result = new PowerSeries(threads);
    threads.start(
        () -> {
          body.run(result);
          return null;
        });
    return result;
  }

  /** The series whose n-th coefficient is {@code coefficient.apply(n)}. */
  static PowerSeries of(Threads threads, IntFunction<Rational> coefficient) {
    return start(
        threads,
        result -> {
          for (int n = 0; ; n++) {
            result.requests.receive();
            result.coefficients.send(coefficient.apply(n));
          }
        });
  }

  /** The next coefficient. */
  Rational next() throws InterruptedException {
    requests.send(true);
    return coefficients.receive();
  }

  /** The next coefficients. */
  List<Rational> next(int count) throws InterruptedException {
    List<Rational> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      result.add(next());
    }
    return result;
  }

  private void copy(PowerSeries other) throws InterruptedException {
    while (true) {
      requests.receive();
      coefficients.send(other.next());
    }
  }

  PowerSeries plus(PowerSeries other) {
    return start(
        threads,
        result -> {
          while (true) {
            result.requests.receive();
            result.coefficients.send(next().plus(other.next()));
          }
        });
  }

  private PowerSeries times(Rational factor) {
    return start(
        threads,
        result -> {
          while (true) {
            result.requests.receive();
            result.coefficients.send(next().times(factor));
          }
        });
  }

  /** This series times x. */
  private PowerSeries shifted() {
    return start(
        threads,
        result -> {
          result.requests.receive();
          result.coefficients.send(Rational.ZERO);
          result.copy(this);
        });
  }

  /** (f + xF)(g + xG) = fg + x(fG + gF + xFG). */
  PowerSeries times(PowerSeries other) {
    return start(
        threads,
        result -> {
          result.requests.receive();
          Rational f = next();
          Rational g = other.next();
          result.coefficients.send(f.times(g));
          List<PowerSeries> fs = split();
          List<PowerSeries> gs = other.split();
          result.copy(
              gs.get(0)
                  .times(f)
                  .plus(fs.get(0).times(g))
                  .plus(fs.get(1).times(gs.get(1)).shifted()));
        });
  }

  /**
   * Substitutes {@code inner}, whose first coefficient is 0, into this series: (f + xF)(xG) = f +
   * xG F(xG).
   */
  PowerSeries of(PowerSeries inner) {
    return start(
        threads,
        result -> {
          result.requests.receive();
          result.coefficients.send(next());
          List<PowerSeries> inners = inner.split();
          inners.get(0).next();
          result.copy(inners.get(0).times(of(inners.get(1))));
        });
  }

  /** Two copies of this series, each read at its own pace. */
  private List<PowerSeries> split() {
    var one = new PowerSeries(threads);
    var other = new PowerSeries(threads);
    threads.start(
        () -> {
          var ahead = new ArrayDeque<Rational>();
          var behind = new ArrayDeque<Rational>();
          var select =
              new Select<Boolean>()
                  .onReceive(one.requests, request -> serve(one, ahead, behind))
                  .onReceive(other.requests, request -> serve(other, behind, ahead));
          while (select.select()) {}
          return null;
        });
    return List.of(one, other);
  }

  private boolean serve(
      PowerSeries reader, ArrayDeque<Rational> kept, ArrayDeque<Rational> keptForOther)
      throws InterruptedException {
    Rational coefficient = kept.poll();
    if (coefficient == null) {
      coefficient = next();
      keptForOther.add(coefficient);
    }
    reader.coefficients.send(coefficient);
    return true;
  }
}
