package dev.millrace.it;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Finds the knots of a dependency graph: sets of more than one node in which each node reaches each
 * other node. By Tarjan's algorithm for strongly connected components.
 */
final class Knots {

  private final Map<String, SortedSet<String>> edges;
  private final Map<String, Integer> indexes = new HashMap<>();
  private final Map<String, Integer> lowest = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final List<SortedSet<String>> found = new ArrayList<>();

  private Knots(Map<String, SortedSet<String>> edges) {
    this.edges = edges;
  }

  /** Of packages: the largest knot comes first. */
  static List<SortedSet<String>> ofPackages(JavaClasses classes) {
    return of(classes, JavaClass::getPackageName);
  }

  /** Of top-level classes, each with the classes nested in it: the largest knot comes first. */
  static List<SortedSet<String>> ofClasses(JavaClasses classes) {
    return of(classes, Knots::topLevel);
  }

  private static String topLevel(JavaClass javaClass) {
    return javaClass.getEnclosingClass().map(Knots::topLevel).orElse(javaClass.getName());
  }

  private static List<SortedSet<String>> of(JavaClasses classes, Function<JavaClass, String> node) {
    Map<String, SortedSet<String>> edges = new TreeMap<>();
    for (JavaClass each : classes) {
      SortedSet<String> targets = edges.computeIfAbsent(node.apply(each), key -> new TreeSet<>());
      for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (classes.contain(target.getName())) {
          targets.add(node.apply(target));
        }
      }
    }
    return of(edges);
  }

  static List<SortedSet<String>> of(Map<String, SortedSet<String>> edges) {
    var knots = new Knots(edges);
    for (String each : edges.keySet()) {
      if (!knots.indexes.containsKey(each)) {
        knots.visit(each);
      }
    }
    knots.found.sort(Comparator.comparingInt((Set<String> knot) -> knot.size()).reversed());
    return knots.found;
  }

  private void visit(String node) {
    int index = indexes.size();
    indexes.put(node, index);
    lowest.put(node, index);
    open.push(node);
    for (String target : edges.getOrDefault(node, new TreeSet<>())) {
      if (!indexes.containsKey(target)) {
        visit(target);
        lowest.merge(node, lowest.get(target), Math::min);
      } else if (open.contains(target)) {
        lowest.merge(node, indexes.get(target), Math::min);
      }
    }
    if (lowest.get(node) == index) {
      close(node);
    }
  }

  /** All nodes that were visited after the root of a component, and are open, belong to it. */
  private void close(String root) {
    SortedSet<String> knot = new TreeSet<>();
    String node;
    do {
      node = open.pop();
      knot.add(node);
    } while (!node.equals(root));
    if (knot.size() > 1) {
      found.add(knot);
    }
  }
}
