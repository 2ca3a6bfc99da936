package dev.millrace.samples.reactive;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The store of a service: stands for a reactive database driver. Thread-safe. */
public interface PriceStore {

  /** Saves the prices. Idempotent: a list that is read again overwrites its own prices. */
  Mono<Void> save(List<Price> prices);

  /**
   * A store that keeps its prices in this map. Like a driver, it completes on Reactor's threads.
   */
  static PriceStore in(Map<String, BigDecimal> map) {
    return prices ->
        Mono.<Void>fromRunnable(
                () -> prices.forEach(price -> map.put(price.article(), price.amount())))
            .subscribeOn(Schedulers.parallel());
  }
}
