package dev.millrace.testkit.conformance;

import dev.millrace.testkit.conformance.Plan.Buffering;
import dev.millrace.testkit.conformance.Plan.Faults;
import dev.millrace.testkit.conformance.Plan.Filtering;
import dev.millrace.testkit.conformance.Plan.Flattening;
import dev.millrace.testkit.conformance.Plan.Join;
import dev.millrace.testkit.conformance.Plan.Joining;
import dev.millrace.testkit.conformance.Plan.Mapping;
import dev.millrace.testkit.conformance.Plan.Memory;
import dev.millrace.testkit.conformance.Plan.Remembering;
import dev.millrace.testkit.conformance.Plan.Spread;
import dev.millrace.testkit.conformance.Plan.Spreading;
import dev.millrace.testkit.conformance.Plan.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Computes the results, failures and counts of a plan with lists and loops. */
final class Model {

  /** The counts of a stage that processes and passes on all elements. */
  record Counts(long received, long processed, long failed, long dropped, long emitted) {}

  private final Plan.Names names = new Plan.Names();
  private final Map<String, Counts> books = new TreeMap<>();
  private final List<String> failures = new ArrayList<>();
  private List<Integer> results = List.of();

  /** The number of copies of the current branch: each copy has sources of its own. */
  private int copies = 1;

  void run(List<Integer> input, List<Step> steps) {
    books.put("source", new Counts(0, 0, 0, 0, input.size()));
    results = all(input, steps);
    books.put("sink", new Counts(results.size(), results.size(), 0, 0, 0));
  }

  List<Integer> results() {
    return results;
  }

  Map<String, Counts> books() {
    return books;
  }

  /** The stage and the element of each failure. */
  List<String> failures() {
    return failures;
  }

  static String failure(String stage, Object element) {
    return stage + " on " + element;
  }

  private List<Integer> all(List<Integer> input, List<Step> steps) {
    List<Integer> list = input;
    for (Step step : steps) {
      list = one(list, names.next(), step);
    }
    return list;
  }

  private List<Integer> one(List<Integer> list, String name, Step step) {
    return switch (step) {
      case Mapping mapping -> {
        List<Integer> good = good(list, name, mapping.faults());
        book(name, list, good.size(), list.size() - good.size(), 0, good.size());
        yield good.stream().map(x -> Plan.scaled(x, mapping.factor())).toList();
      }
      case Filtering(int divisor, Faults faults) -> {
        List<Integer> good = good(list, name, faults);
        List<Integer> rest = good.stream().filter(x -> x % divisor != 0).toList();
        int failed = list.size() - good.size();
        book(name, list, rest.size(), failed, good.size() - rest.size(), rest.size());
        yield rest;
      }
      case Flattening(int divisor, Faults faults) -> {
        List<Integer> good = good(list, name, faults);
        List<Integer> copies =
            good.stream().flatMap(x -> Collections.nCopies(x % divisor, x).stream()).toList();
        book(name, list, good.size(), list.size() - good.size(), 0, copies.size());
        yield copies;
      }
      case Remembering(Memory memory, int size) -> remember(list, name, memory, size);
      case Buffering _ -> {
        passed(name, list);
        yield list;
      }
      case Spreading spreading -> spread(list, name, spreading);
      case Joining(Join _, int numbers) -> {
        List<Integer> both = new ArrayList<>(list);
        for (int i = 0; i < copies; i++) {
          both.addAll(IntStream.range(0, numbers).boxed().toList());
        }
        books.put(name + " other", new Counts(0, 0, 0, 0, (long) numbers * copies));
        passed(name, both);
        yield both;
      }
    };
  }

  private void book(
      String name, List<?> received, long processed, long failed, long dropped, long emitted) {
    books.put(name, new Counts(received.size(), processed, failed, dropped, emitted));
  }

  private void passed(String name, List<?> list) {
    book(name, list, list.size(), 0, 0, list.size());
  }

  private List<Integer> good(List<Integer> list, String name, Faults faults) {
    list.stream().filter(faults::failsOn).forEach(x -> failures.add(failure(name, x)));
    return list.stream().filter(x -> !faults.failsOn(x)).toList();
  }

  private List<Integer> remember(List<Integer> list, String name, Memory memory, int size) {
    List<Integer> out = new ArrayList<>();
    switch (memory) {
      case SCAN -> {
        int sum = 0;
        for (int x : list) {
          sum = (sum + x) % 1009;
          out.add(sum);
        }
        passed(name, list);
      }
      case DISTINCT -> {
        out.addAll(Plan.distinct(list, size * 5));
        book(name, list, out.size(), 0, list.size() - out.size(), out.size());
      }
      case SKIP -> {
        int skipped = Math.min(size, list.size());
        out.addAll(list.subList(skipped, list.size()));
        book(name, list, out.size(), 0, skipped, out.size());
      }
      case BATCH -> {
        for (int i = 0; i < list.size(); i += size) {
          out.add(Plan.sum(list.subList(i, Math.min(i + size, list.size()))));
        }
        book(name, list, list.size(), 0, 0, out.size());
        passed(name + " sum", out);
      }
      case WINDOW -> {
        for (int i = 0; i + size <= list.size(); i += 2) {
          out.add(Plan.sum(list.subList(i, i + size)));
        }
        // With windows of one element, each second element is between two windows. The last
        // elements
        // may be in no window.
        int inside = out.isEmpty() ? 0 : 2 * (out.size() - 1) + size;
        int dropped = size == 1 ? list.size() / 2 : list.size() - inside;
        book(name, list, list.size() - dropped, 0, dropped, out.size());
        passed(name + " sum", out);
      }
      case CHANGES -> out.addAll(choose(name, list, Models.changes(list, x -> x % (size + 1))));
      case DISTINCT_OF_FEW ->
          out.addAll(choose(name, list, Models.distinct(list, x -> x % (size * 5), size)));
      case SKIP_WHILE ->
          out.addAll(
              choose(name, list, list.stream().dropWhile(x -> x % (size + 1) != 0).toList()));
      case EVERY -> out.addAll(choose(name, list, Models.every(list, size)));
      case TAKE_LAST ->
          out.addAll(
              choose(name, list, list.subList(Math.max(0, list.size() - size * 3), list.size())));
      case SKIP_LAST ->
          out.addAll(choose(name, list, list.subList(0, Math.max(0, list.size() - size))));
      case INTERSPERSE -> {
        out.addAll(Models.interspersed(list, size));
        book(name, list, list.size(), 0, 0, out.size());
      }
      case BATCH_BY_WEIGHT ->
          out.addAll(sums(name, list, Models.batchesByWeight(list, 5, size * 3, x -> x % 7)));
      case BATCH_UNTIL ->
          out.addAll(sums(name, list, Models.batchesUntil(list, 5, x -> x % (size + 1) == 0)));
      case BATCH_BY_KEY ->
          out.addAll(sums(name, list, Models.batchesByKey(list, 4, x -> x % (size + 1))));
      case GROUPS ->
          out.addAll(sums(name, list, Models.grouped(list, x -> true, x -> x % 4, size)));
      case SPLIT_BEFORE ->
          out.addAll(
              sums(
                  name,
                  list,
                  Models.ofFours(Models.splitBefore(list, x -> x % (size + 1) == 0), x -> true)));
      case SPLIT_AFTER ->
          out.addAll(
              sums(
                  name,
                  list,
                  Models.ofFours(Models.splitAfter(list, x -> x % (size + 1) == 0), x -> true)));
      case FIRSTS_OF_WINDOWS -> out.addAll(choose(name, list, Models.firsts(list, size * 2, size)));
      case APPEND -> {
        out.addAll(list);
        out.addAll(List.of(size, size + 1));
        book(name, list, list.size(), 0, 0, out.size());
      }
    }
    return out;
  }

  /** The sums of the batches. */
  private List<Integer> sums(String name, List<Integer> list, List<List<Integer>> batches) {
    List<Integer> sums = batches.stream().map(Plan::sum).toList();
    book(name, list, list.size(), 0, 0, sums.size());
    passed(name + " sum", sums);
    return sums;
  }

  /** The chosen elements; the other elements are dropped. */
  private List<Integer> choose(String name, List<Integer> list, List<Integer> chosen) {
    book(name, list, chosen.size(), 0, list.size() - chosen.size(), chosen.size());
    return chosen;
  }

  private List<Integer> spread(List<Integer> list, String name, Spreading spreading) {
    boolean isBroadcast = spreading.spread() == Spread.BROADCAST;
    int copiesOutside = copies;
    copies *= isBroadcast ? 1 : spreading.copies();
    List<Integer> out = new ArrayList<>(all(list, spreading.inside()));
    copies = copiesOutside;
    passed(name + (isBroadcast ? "/1" : "/lane"), list);
    if (isBroadcast) {
      passed(name + "/2", list);
      out.addAll(list);
    }
    book(name, list, list.size(), 0, 0, out.size());
    return out;
  }
}
