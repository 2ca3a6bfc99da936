package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every source and every sink works, and is opened and closed as promised. */
abstract class EndsConformance extends Theme {

  // Sources

  @Test
  void iterableIsRead() {
    assertThat(elements(Pipe.from(Source.of(List.of("a", "b"))))).containsExactly("a", "b");
  }

  @Test
  void streamIsReadAndClosed() {
    var closed = new AtomicInteger();
    var source =
        Source.stream(() -> Stream.iterate(0, x -> x + 1).onClose(closed::incrementAndGet));
    assertThat(run(Pipe.from(source).take("take", 3).to(Sink.<Integer>toList())).result())
        .containsExactly(0, 1, 2);
    assertThat(closed).hasValue(1);
  }

  @Test
  void functionIsCalledUntilItReturnsNull() {
    var calls = new AtomicInteger();
    Source<Integer> source =
        Source.generate(() -> calls.incrementAndGet() <= 3 ? calls.get() : null);
    assertThat(elements(Pipe.from(source))).containsExactly(1, 2, 3);
    assertThat(calls).hasValue(4);
  }

  @Test
  void channelIsReceivedUntilItIsClosed() throws Exception {
    Channel<Integer> channel = Channel.buffered(3);
    channel.send(1);
    channel.send(2);
    channel.close();
    assertThat(elements(Pipe.from(Source.channel(channel)))).containsExactly(1, 2);
  }

  @Test
  void channelClosedWithACauseStopsTheRunWithIt() throws Exception {
    Channel<Integer> channel = Channel.buffered(3);
    var boom = new IOException("boom");
    channel.send(1);
    channel.close(boom);
    var ended = run(Pipe.from(Source.channel(channel)).to(Sink.count()));
    ended.failed();
    assertThat(ended.tells(boom)).isTrue();
  }

  @Test
  void linesOfAFileAreRead(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("lines.txt");
    Files.writeString(file, "a\n\nb");
    assertThat(elements(Pipe.from(Source.lines(file)))).containsExactly("a", "", "b");
    var none = run(Pipe.from(Source.lines(folder.resolve("none"))).to(Sink.count()));
    assertThat(none.failed()).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void eachRunOpensTheSourceOnce() {
    var opened = new AtomicInteger();
    Source<Integer> source =
        context -> {
          opened.incrementAndGet();
          return Source.of(List.of(1)).open(context);
        };
    var pipeline = Pipe.from(source).map("map", x -> x).to(Sink.count());
    assertThat(opened).as("before a run").hasValue(0);
    run(pipeline);
    run(pipeline);
    assertThat(opened).hasValue(2);
  }

  // A failure of a source or a sink stops the run.

  /** The methods of a source, a cursor, a sink and a receiver that may throw. */
  enum Place {
    SOURCE_OPEN,
    SOURCE_NEXT,
    SOURCE_CLOSE,
    SINK_OPEN,
    SINK_ACCEPT,
    SINK_FINISH,
    SINK_CLOSE
  }

  /**
   * A source of three numbers and a sink. They throw at one place, and count open cursors and
   * receivers.
   */
  private static final class Ends {
    private final Place place;
    private final Throwable thrown;
    private final AtomicInteger open = new AtomicInteger();
    private int elements;

    Ends(Place place, Throwable thrown) {
      this.place = place;
      this.thrown = thrown;
    }

    private void at(Place here) throws Exception {
      if (here == place) {
        raise(thrown);
      }
    }

    Source.Cursor<Integer> source(Context context) throws Exception {
      at(Place.SOURCE_OPEN);
      open.incrementAndGet();
      return new Source.Cursor<>() {
        private int next;

        @Override
        public Integer next() throws Exception {
          if (next == 2) {
            at(Place.SOURCE_NEXT);
          }
          return next++;
        }

        @Override
        public void close() throws Exception {
          open.decrementAndGet();
          at(Place.SOURCE_CLOSE);
        }
      };
    }

    Sink.Receiver<Integer, Integer> sink(Context context) throws Exception {
      at(Place.SINK_OPEN);
      open.incrementAndGet();
      return new Sink.Receiver<>() {
        @Override
        public boolean accept(Integer element) throws Exception {
          elements++;
          if (elements == 2) {
            at(Place.SINK_ACCEPT);
          }
          return elements < 10;
        }

        @Override
        public Integer finish() throws Exception {
          at(Place.SINK_FINISH);
          return elements;
        }

        @Override
        public void close() throws Exception {
          open.decrementAndGet();
          at(Place.SINK_CLOSE);
        }
      };
    }
  }

  private void stopsAt(Place place, Throwable thrown) {
    var ends = new Ends(place, thrown);
    Source<Integer> source = ends::source;
    Sink<Integer, Integer> sink = ends::sink;
    var ended = run(Pipe.from(source).map("map", x -> x).to(sink));
    assertThat(ended.failed()).isSameAs(thrown);
    assertThat(ended.failures()).as("no failures of elements").isEmpty();
    assertThat(ends.open).as("open cursors and receivers").hasValue(0);
  }

  @ParameterizedTest
  @EnumSource
  void exceptionOfASourceOrASinkStopsTheRun(Place place) {
    stopsAt(place, new IOException("boom"));
  }

  @ParameterizedTest
  @EnumSource
  void errorOfASourceOrASinkStopsTheRun(Place place) {
    stopsAt(place, new StackOverflowError("boom"));
  }

  // Sinks

  @Test
  void sinksGiveTheirResults() {
    assertThat(run(Pipe.from(Numbers.below(4)).to(Sink.count())).wholeResult()).isEqualTo(4);
    assertThat(run(Pipe.from(Numbers.below(0)).to(Sink.count())).wholeResult()).isZero();
    assertThat(run(Pipe.from(Numbers.below(4)).to(Sink.fold(() -> 10, Integer::sum))).wholeResult())
        .isEqualTo(16);
    assertThat(run(Pipe.from(Numbers.below(0)).to(Sink.first())).wholeResult()).isEmpty();
    var sum = new AtomicInteger();
    var forEach = Pipe.from(Numbers.below(4)).to(Sink.forEach(sum::addAndGet));
    assertThat(run(forEach).wholeResult()).isEqualTo(4);
    assertThat(sum).hasValue(6);
  }

  @Test
  void channelGetsTheElementsAndIsClosed() throws Exception {
    Channel<Integer> channel = Channel.buffered(10);
    assertThat(run(Pipe.from(Numbers.below(4)).to(Sink.channel(channel))).wholeResult())
        .isEqualTo(4);
    assertThat(channel).containsExactly(0, 1, 2, 3);
    assertThat(channel.closeCause()).isNull();
  }

  @Test
  void channelIsClosedWithWhatStoppedTheRun() {
    Channel<Integer> channel = Channel.buffered(10);
    var boom = new IOException("boom");
    var source =
        Numbers.endless()
            .before(
                number -> {
                  if (number == 3) {
                    throw boom;
                  }
                });
    assertThat(run(Pipe.from(source).to(Sink.channel(channel))).failed()).isSameAs(boom);
    assertThat(channel.isClosed()).isTrue();
    assertThat(channel.closeCause()).isSameAs(boom);
  }
}
