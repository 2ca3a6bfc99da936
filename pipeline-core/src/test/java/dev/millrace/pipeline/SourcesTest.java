package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Sources that are made of other sources, read by hand. */
class SourcesTest {

  private final List<String> log = new ArrayList<>();

  /** Gives its elements, and fails then if it has a failure. */
  private Source<String> source(String name, List<String> elements, Exception... failure) {
    return context -> {
      log.add("open " + name);
      var left = new ArrayList<>(elements);
      return new Source.Cursor<>() {
        @Override
        public @Nullable String next() throws Exception {
          if (left.isEmpty() && failure.length > 0) {
            throw failure[0];
          }
          return left.isEmpty() ? null : left.removeFirst();
        }

        @Override
        public void close() {
          log.add("close " + name);
        }
      };
    };
  }

  private static <T> List<T> read(Source<T> source) throws Exception {
    List<T> all = new ArrayList<>();
    try (Source.Cursor<T> cursor = source.open(Context.background())) {
      for (T next; (next = cursor.next()) != null; ) {
        all.add(next);
      }
    }
    return all;
  }

  @Test
  void equalElementsComeInTheOrderOfTheSources() throws Exception {
    var merged =
        Sources.mergeSorted(
            List.of(source("a", List.of("a1", "a3")), source("b", List.of("b1", "b2", "b3"))),
            Comparator.comparingInt((String each) -> each.charAt(1)));
    assertThat(read(merged)).containsExactly("a1", "b1", "b2", "a3", "b3");
    assertThat(log).containsExactly("open a", "open b", "close b", "close a");
  }

  @Test
  void sourcesThatWereOpenedAreClosedWhenAnotherCannotBe() {
    var boom = new IOException("no file");
    Source<String> broken =
        context -> {
          throw boom;
        };
    var merged =
        Sources.mergeSorted(
            List.of(source("a", List.of()), broken), Comparator.<String>naturalOrder());
    assertThatThrownBy(() -> merged.open(Context.background())).isSameAs(boom);
    assertThat(log).containsExactly("open a", "close a");
  }

  @Test
  void failedCursorOfAnIndependentSourceIsClosedBeforeTheNextIsOpened() {
    var cut = new IOException("cut");
    var source =
        Sources.restarting(
            Source.independent(source("a", List.of("1"), cut)), 1, Backoff.none(), e -> true);
    assertThat(source).isInstanceOf(IndependentSource.class);
    assertThatThrownBy(() -> read(source)).isSameAs(cut);
    assertThat(log).containsExactly("open a", "close a", "open a", "close a");
  }

  @Test
  void otherFailedCursorsStayOpenForTheirElements() {
    var cut = new IOException("cut");
    var source = Sources.restarting(source("a", List.of("1"), cut), 1, Backoff.none(), e -> true);
    assertThatThrownBy(() -> read(source)).isSameAs(cut);
    assertThat(log).containsExactly("open a", "open a", "close a", "close a");
  }

  @Test
  void onlyMatchingFailuresAreRetried() {
    var cut = new IOException("cut");
    var source =
        Sources.restarting(
            source("a", List.of(), cut),
            9,
            Backoff.none(),
            IllegalStateException.class::isInstance);
    assertThatThrownBy(() -> read(source)).isSameAs(cut);
    assertThat(log).containsExactly("open a", "close a");
  }

  @Test
  void secondFailureIsNotRecovered() {
    var first = new IOException("first");
    var second = new IOException("second");
    var source =
        Sources.onErrorResume(
            source("a", List.of("1"), first), e -> source("b", List.of("2"), second));
    assertThatThrownBy(() -> read(source)).isSameAs(second);
    assertThat(log).containsExactly("open a", "open b", "close b", "close a");
  }

  @Test
  void interruptIsNoFailure() {
    var interrupt = new InterruptedException();
    var source =
        Sources.restarting(source("a", List.of(), interrupt), 9, Backoff.none(), e -> true);
    assertThatThrownBy(() -> read(source)).isSameAs(interrupt);
    assertThat(log).containsExactly("open a", "close a");
  }

  @Test
  void settlingSourcesAreRefused() {
    Source<String> settling =
        Source.settling(
            source("a", List.of()),
            new Settlement<>() {
              @Override
              public void settled(String element) {}

              @Override
              public void abandoned(String element) {}
            });
    assertThatThrownBy(() -> Sources.restarting(settling, 1, Backoff.none(), e -> true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("make the whole source settling");
    assertThatThrownBy(() -> Sources.onErrorResume(settling, e -> settling))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> Sources.mergeSorted(List.of(settling), Comparator.<String>naturalOrder()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> read(Sources.defer(() -> settling)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
