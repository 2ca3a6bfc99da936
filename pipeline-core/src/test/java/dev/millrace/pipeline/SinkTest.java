package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SinkTest {

  private static <R extends @Nullable Object> R feed(Sink<Integer, R> sink, Integer... elements)
      throws Exception {
    try (Sink.Receiver<Integer, R> receiver = sink.open(Context.background())) {
      for (Integer element : elements) {
        if (!receiver.accept(element)) {
          break;
        }
      }
      return receiver.finish();
    }
  }

  @Test
  void resultsAreThoseOfTheElements() throws Exception {
    assertThat(feed(Sink.<Integer>count(), 1, 2, 3)).isEqualTo(3);
    assertThat(feed(Sink.<Integer>count())).isZero();
    assertThat(feed(Sink.<Integer>toList(), 1, 2)).containsExactly(1, 2);
    assertThat(feed(Sink.<Integer, Integer>fold(() -> 10, Integer::sum), 1, 2)).isEqualTo(13);
    assertThat(feed(Sink.<Integer>first(), 7, 8)).contains(7);
    assertThat(feed(Sink.<Integer>first())).isEmpty();
    List<Integer> seen = new ArrayList<>();
    assertThat(feed(Sink.<Integer>forEach(seen::add), 4, 5)).isEqualTo(2);
    assertThat(seen).containsExactly(4, 5);
  }

  @Test
  void aSinkMayPutStagesInFrontOfItsEnd() {
    Sink<Integer, Long> end = Sink.count();
    Sink<Integer, Long> staged =
        new Sink<>() {
          @Override
          public Receiver<Integer, Long> open(Context context) throws Exception {
            return end.open(context);
          }

          @Override
          public Pipeline<Long> complete(Pipe<? extends Integer> pipe) {
            return pipe.map("twice", number -> 2 * number).to(end);
          }
        };
    Pipeline<Long> job = Pipe.from(Source.of(List.of(1, 2))).to(staged);
    assertThat(job.node().name()).isEqualTo("twice");
    assertThat(job.sink()).isSameAs(end);
  }

  @Test
  void collectorsAreSinks() throws Exception {
    Sink<Integer, Map<Boolean, Long>> sink =
        Sink.collect(Collectors.partitioningBy(i -> i > 2, Collectors.counting()));
    assertThat(feed(sink, 1, 2, 3)).containsEntry(true, 1L).containsEntry(false, 2L);
    assertThat(feed(sink, 4)).as("anew").containsEntry(true, 1L).containsEntry(false, 0L);
  }

  @Test
  void eachRunHasAStateOfItsOwn() throws Exception {
    Sink<Integer, List<Integer>> sink = Sink.toList();
    List<Integer> first = feed(sink, 1);
    first.add(2);
    assertThat(feed(sink, 3)).containsExactly(3);
  }

  @Test
  void channelIsClosedAtTheEnd() throws Exception {
    Channel<Integer> channel = Channel.buffered(2);
    assertThat(feed(Sink.channel(channel), 1, 2)).isEqualTo(2);
    assertThat(channel.isClosed()).isTrue();
    assertThat(channel.closeCause()).isNull();
    assertThat(channel).containsExactly(1, 2);
  }

  @Test
  void channelIsClosedWithTheCauseOfTheRun() throws Exception {
    Channel<Integer> channel = Channel.buffered(2);
    var boom = new IOException("boom");
    try (var context = Context.background().withCancel()) {
      Sink.Receiver<Integer, Long> receiver = Sink.<Integer>channel(channel).open(context);
      receiver.accept(1);
      context.cancel(boom);
      receiver.close();
    }
    assertThat(channel.closeCause()).isSameAs(boom);
    assertThat(channel.tryReceive()).isEqualTo(1);
  }

  @Test
  void cancellationAfterTheEndDoesNotSpoilTheChannel() throws Exception {
    Channel<Integer> channel = Channel.buffered(2);
    try (var context = Context.background().withCancel()) {
      Sink.Receiver<Integer, Long> receiver = Sink.<Integer>channel(channel).open(context);
      receiver.finish();
      context.cancel(new IOException("late"));
      receiver.close();
    }
    assertThat(channel.closeCause()).isNull();
  }

  @Test
  void channelClosedByItsReaderStopsTheSink() {
    Channel<Integer> channel = Channel.buffered(2);
    channel.close();
    assertThatThrownBy(() -> feed(Sink.channel(channel), 1))
        .isInstanceOf(ChannelClosedException.class);
  }
}
