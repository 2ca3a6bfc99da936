package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.NotedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** From an iterable, an iterator and a stream. */
@Timeout(60)
class ProducerTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** Runs the producer to its end, whatever the end is, and returns the sent elements. */
  private static <T> List<T> sent(Producer<T> producer) throws Exception {
    Channel<T> channel = Channel.unlimited();
    producer.produce(channel);
    assertThat(channel.isClosed()).isFalse();
    channel.close();
    return Channels.toList(channel, Context.background());
  }

  private Threads.Running<Boolean> start(Producer<Integer> producer, Channel<Integer> channel) {
    return threads.start(
        () -> {
          producer.produce(channel);
          return true;
        });
  }

  @Test
  void iterableIsSentEachTimeAndIteratorsAndStreamsOnce() throws Exception {
    Producer<Integer> iterable = Producer.from(List.of(1, 2, 3));
    assertThat(sent(iterable)).containsExactly(1, 2, 3);
    assertThat(sent(iterable)).containsExactly(1, 2, 3);
    Producer<Integer> iterator = Producer.from(List.of(1, 2, 3).iterator());
    assertThat(sent(iterator)).containsExactly(1, 2, 3);
    assertThat(sent(iterator)).isEmpty();
    Producer<Integer> stream = Producer.from(Stream.of(1, 2, 3));
    assertThat(sent(stream)).containsExactly(1, 2, 3);
    assertThatThrownBy(() -> sent(stream)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void elementsOfASubtypeFit() throws Exception {
    Channel<Number> numbers = Channel.buffered(2);
    Producer<Integer> integers = Producer.from(List.of(1, 2));
    integers.produce(numbers);
    assertThat(numbers.receive()).isEqualTo(1);
  }

  @Test
  void nullIsRefusedByItsPlace() {
    for (Producer<String> producer :
        List.<Producer<String>>of(
            Producer.from(Arrays.asList("a", "b", null)),
            Producer.from(Arrays.asList("a", "b", null).iterator()),
            Producer.from(Arrays.asList("a", "b", null).stream()))) {
      Channel<String> channel = Channel.unlimited();
      assertThatThrownBy(() -> producer.produce(channel))
          .isInstanceOf(NullPointerException.class)
          .hasMessage("element 2 (counted from 0) is null, which a channel does not carry");
      assertThat(channel.size()).isEqualTo(2);
    }
  }

  @Test
  void exceptionOfTheIteratorIsThrownBehindTheElements() {
    var failure = new IllegalStateException("no more");
    Iterator<Integer> failing =
        new Iterator<>() {
          private int next;

          @Override
          public boolean hasNext() {
            if (next == 3) {
              throw failure;
            }
            return true;
          }

          @Override
          public Integer next() {
            return next++;
          }
        };
    Channel<Integer> channel = Channel.unlimited();
    assertThatThrownBy(() -> Producer.from(failing).produce(channel)).isSameAs(failure);
    assertThat(channel.size()).isEqualTo(3);
  }

  @Test
  void iteratorIsAskedOnlyForWhatIsSent() throws Exception {
    var taken = new AtomicInteger();
    Iterator<Integer> counting = Stream.generate(taken::incrementAndGet).iterator();
    Channel<Integer> channel = Channel.rendezvous();
    var running = start(Producer.from(counting), channel);
    for (int i = 1; i <= 5; i++) {
      assertThat(channel.receive()).isEqualTo(i);
    }
    await().until(() -> channel.waitingSenders() == 1);
    assertThat(taken).hasValue(6);
    running.thread().interrupt();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(taken).hasValue(6);
  }

  @Test
  void closedChannelEndsTheProducer() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var running = start(Producer.from(() -> Stream.generate(() -> 1).iterator()), channel);
    channel.receive();
    channel.close();
    assertThatThrownBy(running::get).hasCauseInstanceOf(ChannelClosedException.class);
  }

  // Streams

  @Test
  void streamIsClosedAtTheEnd() throws Exception {
    var closed = new AtomicBoolean();
    assertThat(sent(Producer.from(Stream.of(1, 2).onClose(() -> closed.set(true)))))
        .containsExactly(1, 2);
    assertThat(closed).isTrue();
  }

  @Test
  void streamIsClosedWhenTheThreadIsInterrupted() throws Exception {
    var closed = new AtomicBoolean();
    Channel<Integer> channel = Channel.rendezvous();
    Stream<Integer> endless = Stream.iterate(0, i -> i + 1).onClose(() -> closed.set(true));
    var running = start(Producer.from(endless), channel);
    assertThat(channel.receive()).isEqualTo(0);
    assertThat(closed).isFalse();
    running.thread().interrupt();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(closed).isTrue();
  }

  @Test
  void streamIsClosedWhenTheChannelIsAndItsFailureToCloseIsSuppressed() throws Exception {
    var unclosable = new IllegalStateException("can not close");
    Stream<Integer> endless =
        Stream.generate(() -> 1)
            .onClose(
                () -> {
                  throw unclosable;
                });
    Channel<Integer> closed = Channel.rendezvous();
    closed.close();
    assertThatThrownBy(() -> Producer.from(endless).produce(closed))
        .isInstanceOf(ChannelClosedException.class)
        .hasSuppressedException(unclosable);
  }

  /** The exception may be a constant: what one run adds to it would be told for another. */
  @Test
  void exceptionOfTheUserIsNotChangedByAFailureToClose() {
    var boom = new UncheckedIOException(new IOException("boom"));
    var unclosable = new IllegalStateException("can not close");
    var in =
        new InputStream() {
          @Override
          public int read() {
            throw boom;
          }

          @Override
          public int read(byte[] bytes, int from, int length) {
            throw boom;
          }

          @Override
          public void close() {
            throw unclosable;
          }
        };
    var stream =
        Stream.<Integer>generate(
                () -> {
                  throw boom;
                })
            .onClose(
                () -> {
                  throw unclosable;
                });
    Flow.Publisher<Integer> publisher =
        subscriber ->
            subscriber.onSubscribe(
                new Flow.Subscription() {
                  @Override
                  public void request(long n) {
                    throw boom;
                  }

                  @Override
                  public void cancel() {
                    throw unclosable;
                  }
                });
    class Unclosable implements Iterator<Integer>, AutoCloseable {
      @Override
      public boolean hasNext() {
        throw boom;
      }

      @Override
      public Integer next() {
        throw boom;
      }

      @Override
      public void close() {
        throw unclosable;
      }
    }
    Iterable<Integer> iterable = Unclosable::new;
    for (Producer<?> producer :
        List.of(
            Producer.from(iterable),
            Producer.from(stream),
            Producer.lines(in),
            Producer.from(publisher, 1))) {
      assertThatThrownBy(() -> producer.produce(Channel.unlimited()))
          .isInstanceOf(NotedException.class)
          .hasSuppressedException(unclosable)
          .cause()
          .isSameAs(boom);
      assertThat(boom).hasNoSuppressedExceptions();
    }
  }

  @Test
  void interruptCarriesTheStreamsFailureToClose() throws Exception {
    var unclosable = new IllegalStateException("can not close");
    Stream<Integer> endless =
        Stream.generate(() -> 1)
            .onClose(
                () -> {
                  throw unclosable;
                });
    Channel<Integer> channel = Channel.rendezvous();
    var running = start(Producer.from(endless), channel);
    channel.receive();
    running.thread().interrupt();
    assertThatThrownBy(running::get)
        .cause()
        .isInstanceOf(InterruptedException.class)
        .hasSuppressedException(unclosable);
  }

  @Test
  void flatMapIsNotBuffered() throws Exception {
    var made = new AtomicInteger();
    Stream<Integer> nested = Stream.of(1).flatMap(i -> Stream.generate(made::incrementAndGet));
    Channel<Integer> channel = Channel.rendezvous();
    var running = start(Producer.from(nested), channel);
    assertThat(channel.receive()).isEqualTo(1);
    assertThat(channel.receive()).isEqualTo(2);
    await().until(() -> channel.waitingSenders() == 1);
    assertThat(made).hasValue(3);
    running.thread().interrupt();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
  }

  @Test
  void parallelStreamRunsInTheCallingThreadAndKeepsItsOrder() throws Exception {
    List<Integer> expected = new ArrayList<>();
    IntStream.range(0, 10_000).forEach(expected::add);
    Set<Thread> mapping = ConcurrentHashMap.newKeySet();
    assertThat(
            sent(
                Producer.from(
                    expected.parallelStream().peek(i -> mapping.add(Thread.currentThread())))))
        .isEqualTo(expected);
    assertThat(mapping).containsExactly(Thread.currentThread());
  }

  @Test
  void aMillionElementsOfAStreamArrive() throws Exception {
    Channel<Integer> channel = Channel.buffered(64);
    var running = start(Producer.from(IntStream.range(0, 1_000_000).boxed()), channel);
    var reader =
        threads.start(
            () -> {
              for (int i = 0; i < 1_000_000; i++) {
                if (channel.receive() != i) {
                  throw new AssertionError("not " + i);
                }
              }
              return true;
            });
    assertThat(reader.get()).isTrue();
    assertThat(running.get()).isTrue();
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void missingArgumentsAreRefusedAtOnce() {
    assertThatThrownBy(() -> Producer.from((Iterable<String>) null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("elements");
    assertThatThrownBy(() -> Producer.from((Stream<String>) null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("elements");
  }

  @Test
  void closeableIteratorIsClosedAtItsEnd() throws Exception {
    var closed = new AtomicInteger();
    class Closeable implements Iterator<Integer>, AutoCloseable {
      private int next;

      @Override
      public boolean hasNext() {
        return next < 2;
      }

      @Override
      public Integer next() {
        return next++;
      }

      @Override
      public void close() {
        closed.incrementAndGet();
      }
    }
    Iterable<Integer> iterable = Closeable::new;
    var out = Channel.<Integer>buffered(4);
    Producer.<Integer>from(iterable).produce(out);
    assertThat(out.receive()).isZero();
    assertThat(closed).hasValue(1);
  }
}
