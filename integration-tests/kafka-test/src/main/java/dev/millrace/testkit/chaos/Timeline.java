package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The last events of each partition, and the last events without a partition. */
final class Timeline {

  private static final int RECORDS = 400;
  private static final int OTHERS = 60;
  private static final int SHOWN = 80;

  private final Map<Integer, Deque<Event>> records = new HashMap<>();
  private final Map<Integer, Deque<Event>> others = new HashMap<>();
  private long zero = Long.MAX_VALUE;

  void add(Event event) {
    zero = Math.min(zero, event.nanos());
    if (event.kind() == Kind.BEAT) {
      return;
    }
    boolean isRecord =
        event.kind() == Kind.START || event.kind() == Kind.END || event.kind() == Kind.FAILED;
    Deque<Event> kept =
        (isRecord ? records : others).computeIfAbsent(event.partition(), p -> new ArrayDeque<>());
    kept.add(event);
    if (kept.size() > (isRecord ? RECORDS : OTHERS)) {
      kept.removeFirst();
    }
  }

  /** The history of a partition. With a key that is not empty, only the records of that key. */
  String of(int partition, String key) {
    List<Event> all = new ArrayList<>(others.getOrDefault(-1, new ArrayDeque<>()));
    if (partition >= 0) {
      all.addAll(others.getOrDefault(partition, new ArrayDeque<>()));
      records.getOrDefault(partition, new ArrayDeque<>()).stream()
          .filter(event -> key.isEmpty() || event.key().equals(key))
          .forEach(all::add);
    }
    Collections.sort(all, (a, b) -> Long.compare(a.nanos(), b.nanos()));
    return all.subList(Math.max(0, all.size() - SHOWN), all.size()).stream()
        .map(event -> event.text(zero))
        .collect(Collectors.joining("\n"));
  }
}
