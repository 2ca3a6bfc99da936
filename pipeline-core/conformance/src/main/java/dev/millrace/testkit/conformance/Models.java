package dev.millrace.testkit.conformance;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Operators on lists: the simplest code that computes the results. Without state; thread-safe. */
final class Models {

  private Models() {}

  static List<Integer> sums(List<Integer> list) {
    List<Integer> sums = new ArrayList<>();
    int sum = 0;
    for (int x : list) {
      sums.add(sum += x);
    }
    return sums;
  }

  static List<Integer> firstsOfTens(List<Integer> list) {
    Map<Integer, Integer> firsts = new LinkedHashMap<>();
    list.forEach(x -> firsts.putIfAbsent(x % 10, x));
    return List.copyOf(firsts.values());
  }

  static List<Integer> last(List<Integer> list) {
    return list.isEmpty() ? List.of() : List.of(list.getLast());
  }

  static List<Integer> windows(List<Integer> list, int size, int step, boolean rest) {
    List<Integer> hashes = new ArrayList<>();
    for (int i = 0; i < list.size(); i += step) {
      if (i + size <= list.size() || rest) {
        hashes.add(list.subList(i, Math.min(i + size, list.size())).hashCode());
      }
    }
    return hashes;
  }

  /** The elements whose third differs from that of the element before. */
  static List<Integer> changes(List<Integer> list) {
    return changes(list, x -> x / 3);
  }

  static List<Integer> changes(List<Integer> list, ToIntFunction<Integer> key) {
    List<Integer> changes = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (i == 0 || key.applyAsInt(list.get(i)) != key.applyAsInt(list.get(i - 1))) {
        changes.add(list.get(i));
      }
    }
    return changes;
  }

  /** The elements whose key is not among the last {@code capacity} keys. */
  static List<Integer> distinct(List<Integer> list, UnaryOperator<Integer> key, int capacity) {
    Deque<Integer> latest = new ArrayDeque<>();
    List<Integer> distinct = new ArrayList<>();
    for (Integer x : list) {
      if (!latest.removeFirstOccurrence(key.apply(x))) {
        distinct.add(x);
      }
      latest.add(key.apply(x));
      if (latest.size() > capacity) {
        latest.removeFirst();
      }
    }
    return distinct;
  }

  /** The elements up to the first one of 7 or more. */
  static List<Integer> until(List<Integer> list) {
    int first = 0;
    while (first < list.size() && list.get(first) < 7) {
      first++;
    }
    return list.subList(0, Math.min(first + 1, list.size()));
  }

  static List<Integer> every(List<Integer> list, int n) {
    List<Integer> some = new ArrayList<>();
    for (int i = 0; i < list.size(); i += n) {
      some.add(list.get(i));
    }
    return some;
  }

  static List<Integer> interspersed(List<Integer> list, int separator) {
    List<Integer> all = new ArrayList<>();
    for (int x : list) {
      if (!all.isEmpty()) {
        all.add(separator);
      }
      all.add(x);
    }
    return all;
  }

  static List<Integer> between(int start, List<Integer> list, int end) {
    List<Integer> all = new ArrayList<>(list);
    all.addFirst(start);
    all.addLast(end);
    return all;
  }

  static List<List<Integer>> batchesByWeight(
      List<Integer> list, int size, int most, ToIntFunction<Integer> weigher) {
    var batches = new ArrayList<List<Integer>>();
    int weight = most; // so that the first element starts a batch
    for (int x : list) {
      int more = weigher.applyAsInt(x);
      boolean fits = weight < most && weight + more <= most && batches.getLast().size() < size;
      if (!fits && !(weight == 0 && batches.getLast().size() < size)) {
        batches.add(new ArrayList<>());
        weight = 0;
      }
      batches.getLast().add(x);
      weight += more;
    }
    return List.copyOf(batches);
  }

  static List<List<Integer>> batchesUntil(List<Integer> list, int size, Predicate<Integer> isLast) {
    var batches = new ArrayList<List<Integer>>();
    boolean isOpen = false;
    for (int x : list) {
      if (!isOpen || batches.getLast().size() == size) {
        batches.add(new ArrayList<>());
      }
      batches.getLast().add(x);
      isOpen = !isLast.test(x);
    }
    return List.copyOf(batches);
  }

  static List<List<Integer>> batchesByKey(
      List<Integer> list, int size, ToIntFunction<Integer> key) {
    var batches = new ArrayList<List<Integer>>();
    for (int i = 0; i < list.size(); i++) {
      boolean isNew =
          i == 0
              || key.applyAsInt(list.get(i)) != key.applyAsInt(list.get(i - 1))
              || batches.getLast().size() == size;
      if (isNew) {
        batches.add(new ArrayList<>());
      }
      batches.getLast().add(list.get(i));
    }
    return List.copyOf(batches);
  }

  /** One element of each list in turn; then the rest of the longer one. */
  static List<Integer> interleaved(List<Integer> left, List<Integer> right) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      if (i < left.size()) {
        all.add(left.get(i));
      }
      if (i < right.size()) {
        all.add(right.get(i));
      }
    }
    return all;
  }

  /** One list after the other. */
  static List<Integer> joined(List<Integer> first, List<Integer> second) {
    List<Integer> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  static List<Integer> zippedAll(List<Integer> left, List<Integer> right, int filler) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      int first = i < left.size() ? left.get(i) : filler;
      int second = i < right.size() ? right.get(i) : filler;
      all.add(List.of(first, second).hashCode());
    }
    return all;
  }

  /**
   * Batches of four of each key, of the elements that pass. The group without an element for the
   * longest time ends when there are more than {@code most}.
   */
  static List<List<Integer>> grouped(
      List<Integer> list, Predicate<Integer> passes, UnaryOperator<Integer> key, int most) {
    List<List<Integer>> all = new ArrayList<>();
    Map<Integer, List<Integer>> open = new LinkedHashMap<>();
    for (int x : list) {
      List<Integer> group = open.remove(key.apply(x));
      if (group == null) {
        group = new ArrayList<>();
        if (open.size() == most) {
          int first = open.keySet().iterator().next();
          all.add(open.remove(first));
        }
      }
      open.put(key.apply(x), group);
      if (passes.test(x)) {
        group.add(x);
      }
      if (group.size() == 4) {
        all.add(List.copyOf(group));
        group.clear();
      }
    }
    all.addAll(open.values());
    return all.stream().filter(each -> !each.isEmpty()).toList();
  }

  /** Parts of a list; each number that fits begins one. */
  static List<List<Integer>> splitBefore(List<Integer> list, Predicate<Integer> begins) {
    List<List<Integer>> parts = new ArrayList<>();
    for (int x : list) {
      if (parts.isEmpty() || begins.test(x)) {
        parts.add(new ArrayList<>());
      }
      parts.getLast().add(x);
    }
    return parts;
  }

  /** Parts of a list; each number that fits ends one. */
  static List<List<Integer>> splitAfter(List<Integer> list, Predicate<Integer> ends) {
    List<List<Integer>> parts = new ArrayList<>();
    boolean isOpen = false;
    for (int x : list) {
      if (!isOpen) {
        parts.add(new ArrayList<>());
      }
      parts.getLast().add(x);
      isOpen = !ends.test(x);
    }
    return parts;
  }

  /** Batches of four, of the numbers of each part that pass. */
  static List<List<Integer>> ofFours(List<List<Integer>> parts, Predicate<Integer> passes) {
    List<List<Integer>> all = new ArrayList<>();
    for (List<Integer> part : parts) {
      all.addAll(batchesUntil(part.stream().filter(passes).toList(), 4, x -> false));
    }
    return all;
  }

  /** The first numbers of each window. */
  static List<Integer> firsts(List<Integer> list, int window, int number) {
    List<Integer> firsts = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (i % window < number) {
        firsts.add(list.get(i));
      }
    }
    return firsts;
  }

  /** Windows by the numbers as seconds, without the late ones. */
  static List<List<Integer>> eventWindows(List<Integer> list, int length, int lateness) {
    List<List<Integer>> all = new ArrayList<>();
    Map<Long, List<Integer>> open = new TreeMap<>();
    long watermark = Long.MIN_VALUE;
    for (int x : list) {
      long window = Math.floorDiv((long) x, length);
      if ((window + 1) * length > watermark) {
        open.computeIfAbsent(window, key -> new ArrayList<>()).add(x);
        watermark = Math.max(watermark, (long) x - lateness);
      }
      long now = watermark;
      open.forEach(
          (each, elements) -> {
            if ((each + 1) * length <= now) {
              all.add(elements);
            }
          });
      open.keySet().removeIf(each -> (each + 1) * length <= now);
    }
    all.addAll(open.values());
    return all;
  }

  /** The hash code of each list. */
  static List<Integer> hashes(List<List<Integer>> lists) {
    return lists.stream().map(List::hashCode).toList();
  }

  /** The elements, and their number. */
  static List<Integer> counted(List<Integer> list) {
    return Stream.concat(list.stream(), Stream.of(list.size())).toList();
  }
}
