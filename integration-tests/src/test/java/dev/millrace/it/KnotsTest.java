package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class KnotsTest {

  private static Map<String, SortedSet<String>> graph(String... arrows) {
    Map<String, SortedSet<String>> edges = new TreeMap<>();
    for (String arrow : arrows) {
      String[] ends = arrow.split(">", -1);
      edges.computeIfAbsent(ends[0], key -> new TreeSet<>()).add(ends[1]);
      edges.computeIfAbsent(ends[1], key -> new TreeSet<>());
    }
    return edges;
  }

  @Test
  void graphWithoutCyclesHasNoKnot() {
    assertThat(Knots.of(graph("a>b", "a>c", "b>d", "c>d", "a>a"))).isEmpty();
  }

  @Test
  void cyclesThatShareANodeAreOneKnot() {
    assertThat(Knots.of(graph("a>b", "b>a", "b>c", "c>d", "d>b", "d>e")))
        .isEqualTo(java.util.List.of(new TreeSet<>(Set.of("a", "b", "c", "d"))));
  }

  @Test
  void largestKnotComesFirst() {
    assertThat(Knots.of(graph("a>b", "b>a", "b>x", "x>y", "y>z", "z>x")))
        .isEqualTo(
            java.util.List.of(
                new TreeSet<>(Set.of("x", "y", "z")), new TreeSet<>(Set.of("a", "b"))));
  }
}
