package dev.millrace.samples.orders;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.CircuitBreaker;
import dev.millrace.stages.Hedge;
import dev.millrace.stages.Retry;
import dev.millrace.stages.Timeout;
import dev.millrace.sync.ScatterGather;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;

/**
 * Asks the shop for the price of an order and for its shipping. Thread-safe.
 *
 * <p>From the inside out: a slow call is made a second time, and the first answer wins. Both
 * together have a deadline. If calls fail in a row, the breaker opens and the last known price
 * answers. A call that still fails is made again.
 */
final class Pricing implements StageFunction<Order, Bill> {

  private static final List<String> CARRIERS = List.of("post", "express", "drone");

  /** The deadline of a price, for a call and its hedge together. */
  static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final ShopClient shop;
  private final Duration shippingBudget;
  private final Map<String, Long> lastKnown = new ConcurrentHashMap<>();
  private final CircuitBreaker breaker =
      CircuitBreaker.of(10, Duration.ofMillis(500)).onlyIf(Pricing::isTemporary);
  private final StageFunction<Order, Long> price;
  private final StageFunction<Order, Long> shipping;

  /**
   * Prices of a shop.
   *
   * @param shippingBudget the time for the offers of all carriers together
   */
  Pricing(ShopClient shop, Duration shippingBudget) {
    this.shop = shop;
    this.shippingBudget = shippingBudget;
    var hedge = Hedge.after(Duration.ofMillis(100)).withBudget(0.2); // 20 % more calls at most
    var timeout = Timeout.of(TIMEOUT);
    var backoff = Backoff.exponential(Duration.ofMillis(20), Duration.ofSeconds(1));
    var retry = Retry.of(backoff.withFullJitter(), 5).onlyIf(Pricing::isTemporary);
    price =
        retry.around(
            breaker.around(timeout.around(hedge.around(this::askPrice)), this::lastKnownPrice));
    shipping = retry.around(this::askCarriers);
  }

  private static boolean isTemporary(Exception failure) {
    return failure instanceof IOException || failure instanceof TimeoutException;
  }

  @Override
  public Bill apply(Order order) throws Exception {
    long goods = order.quantity() * price.apply(order);
    return new Bill(order.customer(), goods + shipping.apply(order));
  }

  private long askPrice(Order order) throws Exception {
    long cents = shop.cents("/price/%s?order=%d".formatted(order.item(), order.id()));
    lastKnown.put(order.item(), cents);
    return cents;
  }

  private long lastKnownPrice(Order order) throws IOException {
    Long cents = lastKnown.get(order.item());
    if (cents == null) {
      throw new IOException("the shop is down, and no price is known of " + order.item());
    }
    return cents;
  }

  /** The cheapest of the offers that come in time. */
  long askCarriers(Order order) throws IOException, InterruptedException {
    List<Callable<Long>> questions =
        CARRIERS.stream()
            .<Callable<Long>>map(
                carrier -> () -> shop.cents("/shipping/%s?order=%d".formatted(carrier, order.id())))
            .toList();
    var offers = ScatterGather.within(Context.current(), shippingBudget, questions);
    if (offers.values().isEmpty()) {
      throw new IOException("no carrier has answered within " + shippingBudget);
    }
    return Collections.min(offers.values());
  }

  /** Whether the breaker lets calls through. */
  CircuitBreaker.State breaker() {
    return breaker.state();
  }
}
