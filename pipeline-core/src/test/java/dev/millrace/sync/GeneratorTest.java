package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Channels;
import dev.millrace.channel.Producer;
import dev.millrace.channel.Select;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GeneratorTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @Test
  void loopEndsWithTheProducer() {
    Producer<String> producer =
        out -> {
          out.send("a");
          out.send("b");
        };
    try (Generator<String> generator = Generator.open(Context.background(), producer)) {
      List<String> seen = new ArrayList<>();
      for (String element : generator) {
        seen.add(element);
      }
      assertThat(seen).containsExactly("a", "b");
      assertThat(generator.channel().isClosed()).isTrue();
      assertThat(generator.channel().closeCause()).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64})
  void aMillionElementsArriveOnceAndInOrder(int capacity) throws Exception {
    try (Generator<Integer> generator =
        Generator.open(
            Context.background(),
            capacity,
            Producer.from(() -> IntStream.range(0, 1_000_000).iterator()))) {
      var reader =
          threads.start(
              () -> {
                int expected = 0;
                for (int element : generator) {
                  if (element != expected++) {
                    throw new AssertionError("got " + element + ", not " + (expected - 1));
                  }
                }
                return expected;
              });
      assertThat(reader.get()).isEqualTo(1_000_000);
    }
  }

  @Test
  void rendezvousProducerIsAtMostOneElementAhead() throws Exception {
    var counter = new Counter();
    try (Generator<Integer> generator = Generator.open(Context.background(), counter)) {
      generator.channel().receive();
      await().until(() -> generator.channel().waitingSenders() == 1);
      assertThat(counter.sent).hasValue(1);
    }
  }

  @Test
  void failureOfTheProducerReachesTheReadersBehindItsElements() {
    var failure = new IOException("partial");
    Producer<Integer> producer =
        out -> {
          out.send(1);
          throw failure;
        };
    try (Generator<Integer> generator = Generator.open(Context.background(), producer)) {
      var elements = generator.iterator();
      assertThat(elements.next()).isEqualTo(1);
      assertThatThrownBy(elements::hasNext)
          .isInstanceOf(ChannelClosedException.class)
          .hasCause(failure);
    }
  }

  @Test
  void errorOfTheProducerReachesTheReaders() {
    Producer<Integer> producer =
        out -> {
          throw new StackOverflowError("deep");
        };
    try (Generator<Integer> generator = Generator.open(Context.background(), producer)) {
      assertThatThrownBy(generator.iterator()::hasNext)
          .hasCauseInstanceOf(StackOverflowError.class);
    }
  }

  @Test
  void contextOfTheProducerIsAChildOfTheGiven() {
    Context.Key<String> name = Context.Key.of("name");
    Context parent = Context.background().withValue(name, "parent");
    Producer<String> producer =
        out -> out.send(Objects.requireNonNull(Context.current().value(name)));
    try (Generator<String> generator = Generator.open(parent, producer)) {
      assertThat(generator).containsExactly("parent");
    }
  }

  @Test
  void twoReadersShareTheElements() throws Exception {
    Producer<Integer> producer = Producer.from(() -> IntStream.range(0, 100_000).iterator());
    try (Generator<Integer> generator = Generator.open(Context.background(), 16, producer)) {
      var first = threads.start(() -> Channels.toList(generator.channel(), Context.background()));
      var second = threads.start(() -> Channels.toList(generator.channel(), Context.background()));
      List<Integer> one = first.get();
      List<Integer> other = second.get();
      assertThat(one).isSorted();
      assertThat(other).isSorted();
      assertThat(one.size() + other.size()).isEqualTo(100_000);
      assertThat(Stream.concat(one.stream(), other.stream()).distinct().count()).isEqualTo(100_000);
    }
  }

  @Test
  void interruptedReaderLeavesTheProducerToTheNext() throws Exception {
    var counter = new Counter();
    Channel<String> gate = Channel.rendezvous();
    Producer<Integer> gated =
        out -> {
          gate.receive();
          counter.produce(out);
        };
    try (Generator<Integer> generator = Generator.open(Context.background(), gated)) {
      var reader = threads.start(() -> generator.iterator().next());
      await().until(() -> generator.channel().waitingReceivers() == 1);
      reader.thread().interrupt();
      assertThatThrownBy(reader::get).cause().isInstanceOf(CancellationException.class);
      gate.send("go");
      assertThat(generator.channel().receive()).isEqualTo(0);
    }
    counter.assertNoThreadIsLeft();
  }

  @Test
  void generatorTakesPartInASelect() throws Exception {
    Producer<String> producer = Producer.from(List.of("a"));
    try (Generator<String> generator = Generator.open(Context.background(), producer)) {
      var select = new Select<String>().onReceive(generator.channel(), x -> x, () -> "end");
      assertThat(select.select()).isEqualTo("a");
      assertThat(select.select()).isEqualTo("end");
    }
  }

  // Streams

  @Test
  void closingAStreamThatEndedEarlyStopsTheProducer() throws Exception {
    var counter = new Counter();
    try (Stream<Integer> stream = Generator.open(Context.background(), counter).stream()) {
      assertThat(stream.filter(i -> i % 2 == 1).limit(3)).containsExactly(1, 3, 5);
    }
    counter.assertNoThreadIsLeft();
    assertThat(counter.sent.get()).isBetween(6, 7);
  }

  @Test
  void flatMapClosesTheGenerator() throws Exception {
    var counter = new Counter();
    assertThat(
            Stream.of(1)
                .flatMap(
                    i -> Generator.<Integer>open(Context.background(), counter).stream().limit(2)))
        .containsExactly(0, 1);
    counter.assertNoThreadIsLeft();
  }

  @Test
  void parallelStreamTakesNothingThatIsNotAskedFor() throws Exception {
    var counter = new Counter();
    try (Stream<Integer> stream = Generator.open(Context.background(), counter).stream()) {
      assertThat(stream.parallel().limit(10).mapToInt(i -> i).sum()).isEqualTo(45);
      assertThat(counter.sent.get()).isLessThanOrEqualTo(11);
    }
    counter.assertNoThreadIsLeft();
  }

  // Producers on the way

  @Test
  void linesOfAnInputAreReadLazilyAndClosed() {
    var closed = new AtomicBoolean();
    var in =
        new ByteArrayInputStream("one\ntwo\nthree".getBytes(StandardCharsets.UTF_8)) {
          @Override
          public void close() {
            closed.set(true);
          }
        };
    try (Generator<String> lines = Generator.open(Context.background(), Producer.lines(in))) {
      assertThat(lines.iterator().next()).isEqualTo("one");
      assertThat(closed).isFalse();
    }
    assertThat(closed).isTrue();
  }

  @Test
  @SuppressWarnings({"NullAway", "resource"}) // passes null on purpose
  void badArgumentsAreRefusedAtOnce() {
    assertThatThrownBy(() -> Generator.open(Context.background(), null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("producer");
    assertThatThrownBy(
            () -> Generator.open(Context.background(), -1, Producer.from(List.<String>of())))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
