package dev.millrace.testkit.conformance;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An element that knows the numbers that it was made of.
 *
 * @param value the value on which functions decide
 */
record Tag(Set<Integer> numbers, int value) {

  static Tag of(int number) {
    return new Tag(Set.of(number), number);
  }

  /** An element that was made of no number. */
  static Tag plain(int value) {
    return new Tag(Set.of(), value);
  }

  /** An element that was made of all these elements. */
  static Tag union(List<Tag> tags) {
    Set<Integer> numbers = new HashSet<>();
    int sum = 0;
    for (Tag tag : tags) {
      numbers.addAll(tag.numbers);
      sum = sum * 3 + tag.value;
    }
    return new Tag(Set.copyOf(numbers), Math.floorMod(sum, 1000));
  }

  Tag plus(int more) {
    return new Tag(numbers, Math.floorMod(value + more, 1000));
  }
}
