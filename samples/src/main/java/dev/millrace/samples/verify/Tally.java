package dev.millrace.samples.verify;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The sum of the results and the dead letters. Delivery is at least once: an artifact that comes
 * several times counts once. Not thread-safe.
 */
final class Tally {

  /** A group of artifacts. */
  static final class Group {
    long artifacts;
    long entries;
    long bytes;
    long failures;
  }

  private final Map<String, Group> groups = new HashMap<>();
  private final Map<Reason, Long> reasons = new EnumMap<>(Reason.class);
  private final Map<String, String> failures = new TreeMap<>();
  private final Set<String> seen = new HashSet<>();
  private long verified;
  private long withSha1;
  private long entries;
  private long bytes;

  private Group group(String id) {
    return groups.computeIfAbsent(id, g -> new Group());
  }

  void verified(String groupId, String path, Verified result) {
    if (seen.add(path)) {
      verified++;
      withSha1 += result.check().startsWith("sha1") ? 1 : 0;
      entries += result.entries();
      bytes += result.bytes();
      Group group = group(groupId);
      group.artifacts++;
      group.entries += result.entries();
      group.bytes += result.bytes();
    }
  }

  void rejected(String groupId, String path, Reason reason, String detail) {
    if (seen.add(path)) {
      reasons.merge(reason, 1L, Long::sum);
      failures.put(path, reason.text() + ": " + detail);
      Group group = group(groupId);
      group.artifacts++;
      group.failures++;
    }
  }

  long verified() {
    return verified;
  }

  long withSha1() {
    return withSha1;
  }

  long deadLettered() {
    return failures.size();
  }

  long entries() {
    return entries;
  }

  long bytes() {
    return bytes;
  }

  Map<Reason, Long> reasons() {
    return reasons;
  }

  /** The findings by path. */
  Map<String, String> failures() {
    return failures;
  }

  /** The groups with the most bytes. */
  List<Map.Entry<String, Group>> largest(int n) {
    return groups.entrySet().stream()
        .sorted(
            Comparator.<Map.Entry<String, Group>>comparingLong(entry -> entry.getValue().bytes)
                .reversed()
                .thenComparing(Map.Entry::getKey))
        .limit(n)
        .toList();
  }

  int groups() {
    return groups.size();
  }
}
