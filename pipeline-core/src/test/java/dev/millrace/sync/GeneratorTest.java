package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Channels;
import dev.millrace.channel.Producer;
import dev.millrace.channel.Select;
import dev.millrace.channel.SendChannel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GeneratorTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** Counts for ever, and notes how it ends. */
  private static final class Counter implements Producer<Integer> {
    final AtomicReference<Throwable> end = new AtomicReference<>();
    final AtomicBoolean ended = new AtomicBoolean();
    final AtomicInteger sent = new AtomicInteger();
    final AtomicReference<Thread> thread = new AtomicReference<>();

    @Override
    public void produce(SendChannel<? super Integer> out) throws Exception {
      thread.set(Thread.currentThread());
      try {
        for (int i = 0; ; i++) {
          out.send(i);
          sent.incrementAndGet();
        }
      } catch (Exception e) {
        end.set(e);
        throw e;
      } finally {
        ended.set(true);
      }
    }

    void assertNoThreadIsLeft() throws InterruptedException {
      assertThat(ended).isTrue();
      Thread producing = thread.get();
      assertThat(producing == null || producing.join(Duration.ofSeconds(20))).isTrue();
    }
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

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64})
  void breakingOutStopsTheProducer(int capacity) throws Exception {
    var counter = new Counter();
    try (Generator<Integer> generator = Generator.open(Context.background(), capacity, counter)) {
      for (int element : generator) {
        if (element == 10) {
          break;
        }
      }
    }
    counter.assertNoThreadIsLeft();
    assertThat(counter.sent.get()).isBetween(11, 12 + capacity);
    assertThat(counter.end.get())
        .isInstanceOfAny(InterruptedException.class, ChannelClosedException.class);
  }

  @Test
  void exceptionOfTheLoopBodyStopsTheProducer() throws Exception {
    var counter = new Counter();
    var failure = new IllegalStateException("in the loop");
    assertThatThrownBy(
            () -> {
              try (Generator<Integer> generator = Generator.open(Context.background(), counter)) {
                for (int element : generator) {
                  if (element == 3) {
                    throw failure;
                  }
                }
              }
            })
        .isSameAs(failure);
    counter.assertNoThreadIsLeft();
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
  void cancelledContextStopsTheProducerAndTellsTheReaders() throws Exception {
    var counter = new Counter();
    var cause = new IOException("stop");
    try (var context = Context.background().withCancel();
        Generator<Integer> generator = Generator.open(context, counter)) {
      generator.channel().receive();
      context.cancel(cause);
      await().until(counter.ended::get); // before the generator is closed
      assertThatThrownBy(
              () -> {
                while (true) {
                  generator.channel().receive();
                }
              })
          .isInstanceOf(ChannelClosedException.class)
          .hasCause(cause);
    }
    counter.assertNoThreadIsLeft();
  }

  @Test
  void truncatedProducerIsNotTakenForAnEndedOne() {
    Producer<Integer> quiet =
        out -> {
          try {
            while (true) {
              out.send(1);
            }
          } catch (InterruptedException | ChannelClosedException e) {
            // returns as if all had been sent
          }
        };
    Generator<Integer> left;
    try (Generator<Integer> generator = Generator.open(Context.background(), quiet)) {
      left = generator;
      assertThat(generator.iterator().next()).isEqualTo(1);
    }
    assertThatThrownBy(left.iterator()::hasNext)
        .isInstanceOf(ChannelClosedException.class)
        .hasCauseInstanceOf(CancellationException.class)
        .hasRootCauseMessage("the generator was closed");
  }

  @Test
  void readersOfAClosedGeneratorAreTold() throws Exception {
    Producer<Integer> silent = out -> new CountDownLatch(1).await();
    Generator<Integer> generator = Generator.open(Context.background(), silent);
    var reader = threads.start(() -> generator.channel().receive());
    await().until(() -> generator.channel().waitingReceivers() == 1);
    var closing =
        threads.start(
            () -> {
              generator.close();
              generator.close();
              return true;
            });
    assertThat(closing.get()).isTrue();
    assertThatThrownBy(reader::get).cause().isInstanceOf(ChannelClosedException.class);
  }

  @Test
  void producerThatIgnoresInterruptsEndsAtItsNextSend() throws Exception {
    var ignored = new AtomicInteger();
    var working = new CountDownLatch(1);
    Producer<Integer> stubborn =
        out -> {
          while (true) {
            working.countDown();
            try {
              out.send(1);
            } catch (InterruptedException e) {
              ignored.incrementAndGet();
            }
          }
        };
    Generator<Integer> generator = Generator.open(Context.background(), stubborn);
    working.await();
    generator.close();
    assertThat(ignored).hasValueLessThan(2);
    assertThat(generator.toString()).contains("ended");
  }

  @Test
  void closeWaitsForTheProducersCleanupAndKeepsTheInterrupt() throws Exception {
    var started = new CountDownLatch(1);
    var release = new AtomicBoolean();
    var cleaned = new AtomicBoolean();
    Producer<Integer> slow =
        out -> {
          try {
            started.countDown();
            out.send(1);
          } finally {
            while (!release.get()) {
              Thread.yield();
            }
            cleaned.set(true);
          }
        };
    Generator<Integer> generator = Generator.open(Context.background(), slow);
    started.await();
    var closing =
        threads.start(
            () -> {
              generator.close();
              return cleaned.get() && Thread.currentThread().isInterrupted();
            });
    await().until(() -> closing.thread().getState() == Thread.State.WAITING);
    closing.thread().interrupt();
    release.set(true);
    assertThat(closing.get()).isTrue();
  }

  @Test
  void producerOfACancelledContextReleasesWhatItWasGiven() {
    var closed = new AtomicBoolean();
    try (var context = Context.background().withCancel()) {
      context.cancel();
      Stream<Integer> stream = Stream.of(1, 2, 3).onClose(() -> closed.set(true));
      try (Generator<Integer> generator = Generator.open(context, Producer.from(stream))) {
        assertThatThrownBy(generator.iterator()::hasNext)
            .isInstanceOf(ChannelClosedException.class);
      }
    }
    assertThat(closed).isTrue();
  }

  @Test
  void generatorThatIsClosedAtOnceLeavesNoThread() throws Exception {
    for (int i = 0; i < 2000; i++) {
      var counter = new Counter();
      try (var context = Context.background().withCancel()) {
        Generator<Integer> generator = Generator.open(context, counter);
        if (i % 3 == 0) {
          context.cancel();
        }
        generator.close();
      }
      counter.assertNoThreadIsLeft();
    }
  }

  @Test
  void producerOfACancelledContextSendsNothing() throws Exception {
    try (var context = Context.background().withCancel()) {
      context.cancel();
      for (int i = 0; i < 1000; i++) {
        var counter = new Counter();
        Generator.open(context, 64, counter).close();
        assertThat(counter.sent).hasValue(0);
        assertThat(counter.end.get()).isInstanceOf(InterruptedException.class);
      }
    }
  }

  @Test
  void walkOfADirectoryIsClosedByALoopThatIsLeft(@TempDir Path root) throws Exception {
    for (int i = 0; i < 20; i++) {
      Files.createFile(Files.createDirectory(root.resolve("directory" + i)).resolve("file"));
    }
    var closed = new AtomicBoolean();
    try (Stream<Path> walk = Files.walk(root)) {
      Stream<Path> watched = walk.onClose(() -> closed.set(true));
      try (Generator<Path> paths = Generator.open(Context.background(), Producer.from(watched))) {
        for (Path path : paths) {
          if (path.endsWith("file")) {
            break;
          }
        }
      }
      assertThat(closed).isTrue();
    }
  }

  @Test
  void producerMayCloseItsGenerator() throws Exception {
    var itself = new AtomicReference<Generator<Integer>>();
    var known = new CountDownLatch(1);
    Producer<Integer> producer =
        out -> {
          known.await();
          Objects.requireNonNull(itself.get()).close();
        };
    try (Generator<Integer> generator = Generator.open(Context.background(), producer)) {
      itself.set(generator);
      known.countDown();
      assertThatThrownBy(generator.iterator()::hasNext)
          .hasCauseInstanceOf(CancellationException.class);
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
  @SuppressWarnings({"NullAway", "resource"}) // to see it refused
  void badArgumentsAreRefusedAtOnce() {
    assertThatThrownBy(() -> Generator.open(Context.background(), null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("producer");
    assertThatThrownBy(
            () -> Generator.open(Context.background(), -1, Producer.from(List.<String>of())))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
