package dev.millrace.samples.orders;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.stages.CircuitBreaker;
import dev.millrace.stages.DeadLetterFile;
import dev.millrace.test.NoLeaks;
import dev.millrace.test.Probe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
@Timeout(60)
class OrdersTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final List<String> ITEMS = List.of("apple", "pear", "plum");

  @TempDir private Path directory;

  private final FakeShop shop = new FakeShop(Duration.ofSeconds(1));
  private final ShopClient client = new ShopClient(shop.uri());
  private final Pricing pricing = new Pricing(client, LONG);
  private final TreeMap<String, Long> expected = new TreeMap<>();

  OrdersTest() throws IOException {}

  @AfterEach
  void end() {
    client.close();
    shop.close();
  }

  /** 60 orders that can be priced, one that cannot, and one line that is none. */
  @BeforeEach
  void orders() throws IOException {
    List<String> lines = new ArrayList<>(List.of(Order.HEADER));
    for (int id = 1; id <= 60; id++) {
      var order = new Order(id, "c" + id % 7, ITEMS.get(id % 3), 1 + id % 4);
      lines.add(order.toCsv());
      long price = Objects.requireNonNull(FakeShop.PRICES.get(order.item()));
      long cents = order.quantity() * price + FakeShop.SHIPPING;
      expected.merge(order.customer(), cents, Long::sum);
    }
    lines.add("101,c1,ghost,1");
    lines.add("102,c1,apple");
    Files.write(directory.resolve("orders.csv"), lines);
  }

  private void run(String engine) throws Exception {
    try (var deadLetters = DeadLetterFile.json(directory.resolve("dead"));
        var run =
            Probe.on(Engine.named(engine))
                .within(LONG)
                .stopOnFailure()
                .start(
                    OrdersJob.of(
                        directory.resolve("orders.csv"),
                        pricing,
                        FailurePolicy.deadLetters(deadLetters),
                        directory.resolve("totals.csv")))) {
      assertThat(run.expectCompletion()).isEqualTo(expected.size());
    }
  }

  private void assertTotalsAreRight() throws IOException {
    assertThat(Files.readAllLines(directory.resolve("totals.csv")))
        .containsExactlyInAnyOrderElementsOf(
            expected.entrySet().stream().map(e -> e.getKey() + "," + e.getValue()).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void totalsAndDeadLettersAreRight(String engine) throws Exception {
    run(engine);
    assertThat(shop.failures).hasValue(12); // each was tried again
    assertTotalsAreRight();
    assertThat(Files.readAllLines(directory.resolve("dead")))
        .hasSize(2)
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("\"stage\":\"parse\"", "\"element\":\"102,c1,apple\"")
                    .contains("this is not id,customer,item,quantity"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("\"stage\":\"price\"", "item=ghost", "\"attempt\":1")
                    .contains("the shop does not know /price/ghost"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void lastKnownPricesAnswerWhileTheShopIsDown(String engine) throws Exception {
    run(engine);
    shop.breakDown();
    int before = shop.questions.get();
    run(engine);
    assertTotalsAreRight();
    assertThat(pricing.breaker()).isNotEqualTo(CircuitBreaker.State.CLOSED);
    assertThat(shop.questions.get() - before).isLessThan(60); // and not 5 for each order
  }

  @Test
  void slowPriceIsAskedForASecondTime() throws Exception {
    try (var slow = new FakeShop(Duration.ofMinutes(10));
        var asking = new ShopClient(slow.uri())) {
      long begin = System.nanoTime();
      assertThat(new Pricing(asking, LONG).apply(new Order(7, "c", "pear", 1)).cents())
          .isEqualTo(55 + FakeShop.SHIPPING);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Pricing.TIMEOUT);
      assertThat(slow.questions).hasValueGreaterThan(1);
    }
  }

  @Test
  void carrierThatHangsCostsTheBudgetOnly() throws Exception {
    try (var slow = new FakeShop(Duration.ofMinutes(10));
        var asking = new ShopClient(slow.uri())) {
      var hurried = new Pricing(asking, Duration.ofSeconds(1));
      assertThat(hurried.askCarriers(new Order(50, "c", "pear", 1))).isEqualTo(FakeShop.SHIPPING);
    }
  }

  @Test
  void demoPricesAllOrders() throws Exception {
    var out = new ByteArrayOutputStream();
    int status =
        OrdersDemo.execute(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            "--directory",
            Files.createDirectory(directory.resolve("demo")).toString());
    assertThat(status).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("orders        297 priced", "dead letters  4", "customers     9 in");
  }
}
