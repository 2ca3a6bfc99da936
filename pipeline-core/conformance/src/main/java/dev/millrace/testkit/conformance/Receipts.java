package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Source;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Records whether each number of a source was settled or abandoned, and checks it against the
 * elements that the functions and the sink of the pipeline have seen. Thread-safe.
 */
final class Receipts implements Settlement<Integer> {

  private final Set<Integer> given = ConcurrentHashMap.newKeySet();
  private final Set<Integer> settled = new ConcurrentSkipListSet<>();
  private final Set<Integer> abandoned = new ConcurrentSkipListSet<>();
  private final Set<Integer> seen = ConcurrentHashMap.newKeySet();
  private final Collection<String> wrong = new ConcurrentLinkedQueue<>();

  /** A settling source of elements that are made of the numbers of another source. */
  <T> Source<T> source(
      Source<Integer> numbers, Function<Integer, T> element, Function<T, Integer> number) {
    Source<T> source =
        context -> {
          Source.Cursor<Integer> cursor = numbers.open(context);
          return new Source.Cursor<>() {
            @Override
            public @Nullable T next() throws Exception {
              Integer next = cursor.next();
              return next == null ? null : give(next);
            }

            private T give(Integer next) {
              given.add(next);
              return element.apply(next);
            }

            @Override
            public void close() throws Exception {
              checkClose(context);
              cursor.close();
            }
          };
        };
    return Source.settling(
        source,
        new Settlement<>() {
          @Override
          public void settled(T element) {
            Receipts.this.settled(number.apply(element));
          }

          @Override
          public void abandoned(T element) {
            Receipts.this.abandoned(number.apply(element));
          }
        });
  }

  /** A settling source of the numbers. */
  Source<Integer> source(Source<Integer> numbers) {
    return source(numbers, number -> number, number -> number);
  }

  private void checkClose(Context context) {
    if (Context.current() != context) {
      wrong.add("closed outside the context of the run");
    }
    if (settled.size() + abandoned.size() != given.size()) {
      wrong.add("closed before its elements have ended");
    }
  }

  @Override
  public void settled(Integer number) {
    if (!settled.add(number)) {
      wrong.add(number + " was settled twice");
    }
  }

  @Override
  public void abandoned(Integer number) {
    if (settled.contains(number)) {
      wrong.add(number + " was settled and abandoned");
    }
    if (!abandoned.add(number)) {
      wrong.add(number + " was abandoned twice");
    }
  }

  /**
   * A function or the sink uses an element that was made of the numbers: none of them may be
   * settled yet.
   */
  void touch(Collection<Integer> numbers, String where) {
    for (Integer number : numbers) {
      if (settled.contains(number) || abandoned.contains(number)) {
        wrong.add("%d had ended before an element made of it reached %s".formatted(number, where));
      }
    }
  }

  /** An element that was made of the numbers has ended. */
  void ends(Collection<Integer> numbers, String where) {
    touch(numbers, where);
    seen.addAll(numbers);
  }

  Set<Integer> settled() {
    return settled;
  }

  /** The unsettled numbers with at least one ended descendant. */
  Set<Integer> seen() {
    return seen;
  }

  /** Fails unless each number has exactly one end. Called after the run. */
  void check() {
    assertThat(wrong).isEmpty();
    Set<Integer> ended = new TreeSet<>(settled);
    ended.addAll(abandoned);
    assertThat(ended).as("settled or abandoned").isEqualTo(new TreeSet<>(given));
  }

  /** Like {@link #check}, and exactly these numbers are settled. */
  void checkSettled(Collection<Integer> numbers) {
    check();
    assertThat(List.copyOf(settled)).as("settled").isEqualTo(List.copyOf(new TreeSet<>(numbers)));
  }

  /** Like {@link #check}, and all numbers except these are settled. */
  void checkAbandoned(Collection<Integer> numbers) {
    check();
    assertThat(List.copyOf(abandoned))
        .as("abandoned")
        .isEqualTo(List.copyOf(new TreeSet<>(numbers)));
  }
}
