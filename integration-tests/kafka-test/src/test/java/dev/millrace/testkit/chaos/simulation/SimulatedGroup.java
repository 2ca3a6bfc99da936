package dev.millrace.testkit.chaos.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.jspecify.annotations.Nullable;

/**
 * A group at the broker: its members, its generation, and its offsets.
 *
 * <p>In the classic protocols, a rebalance waits until all members have joined, or for the longest
 * poll interval. With {@link Kind#CONSUMER}, each heartbeat brings a member nearer to its target,
 * and no partition has two owners.
 */
final class SimulatedGroup {

  /** The rebalance protocols. */
  enum Kind {
    EAGER,
    COOPERATIVE,
    CONSUMER
  }

  /** Answers to a heartbeat and to a commit. */
  enum Answer {
    OK,
    REBALANCE,
    UNKNOWN_MEMBER,
    ILLEGAL_GENERATION
  }

  /** In place of a member's id: the group has removed the member. */
  static final String UNKNOWN = "";

  /** What a member gets. */
  record Share(int generation, Set<TopicPartition> partitions) {}

  private static final class Member {
    final long session;
    final long longestPoll;
    long heartbeatAt;
    boolean joined;
    int generation;
    Set<TopicPartition> owned = Set.of();

    /** The partitions that nobody else may get. */
    Set<TopicPartition> granted = new LinkedHashSet<>();

    /** When it must have given up partitions; 0 if it has to give up none. */
    long revokeBy;

    Member(long session, long longestPoll) {
      this.session = session;
      this.longestPoll = longestPoll;
    }
  }

  /** A broker's default. */
  private static final int MOST_METADATA = 4096;

  final Kind kind;
  private final SimulatedBroker broker;
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final Map<TopicPartition, OffsetAndMetadata> committed = new LinkedHashMap<>();
  private final Map<TopicPartition, SimulatedTransaction> pending = new LinkedHashMap<>();

  /** The numbers of the writes of the committed offsets. */
  private final Map<TopicPartition, Long> written = new LinkedHashMap<>();

  private long writes;
  private Map<String, Set<TopicPartition>> target = new LinkedHashMap<>();
  private int generation;
  private boolean preparing;
  private long preparingUntil;
  private int names;

  SimulatedGroup(SimulatedBroker broker, Kind kind) {
    this.broker = broker;
    this.kind = kind;
  }

  String join(
      @Nullable String known, Set<TopicPartition> owned, long session, long longestPoll, long now) {
    if (known != null && !members.containsKey(known)) {
      return UNKNOWN; // its partitions are lost: they may have another owner
    }
    String id = known != null ? known : "member-" + ++names;
    Member member = members.computeIfAbsent(id, _ -> new Member(session, longestPoll));
    member.heartbeatAt = now;
    member.owned = new LinkedHashSet<>(owned);
    if (kind == Kind.CONSUMER) {
      retarget();
      return id;
    }
    prepare(now);
    member.joined = true;
    tryComplete(now);
    return id;
  }

  private void prepare(long now) {
    if (!preparing) {
      preparing = true;
      long longest = members.values().stream().mapToLong(one -> one.longestPoll).max().orElse(0);
      preparingUntil = now + longest;
      members.values().forEach(one -> one.joined = false);
    }
  }

  private void tryComplete(long now) {
    if (!preparing) {
      return;
    }
    boolean all = members.values().stream().allMatch(one -> one.joined);
    if (!all && now < preparingUntil) {
      return;
    }
    members.values().removeIf(one -> !one.joined);
    preparing = false;
    generation++;
    target = kind == Kind.EAGER ? inTurn() : sticky();
    for (var one : members.entrySet()) {
      Member member = one.getValue();
      member.joined = false;
      member.generation = generation;
      member.heartbeatAt = now;
      member.granted = new LinkedHashSet<>(target.getOrDefault(one.getKey(), Set.of()));
      if (kind == Kind.COOPERATIVE) {
        members.values().stream()
            .filter(other -> other != member)
            .forEach(other -> member.granted.removeAll(other.owned));
      }
    }
    broker.wakePollers();
  }

  /** The share of a member that has joined; null while the rebalance goes on. */
  @Nullable Share share(String id) {
    Member member = members.get(id);
    return member == null
        ? new Share(-1, Set.of())
        : preparing && member.joined
            ? null
            : new Share(member.generation, Set.copyOf(member.granted));
  }

  Answer heartbeat(String id, int knownGeneration, long now) {
    Member member = members.get(id);
    if (member == null) {
      return Answer.UNKNOWN_MEMBER;
    }
    member.heartbeatAt = now;
    if (member.generation != knownGeneration && !member.joined) {
      return Answer.ILLEGAL_GENERATION;
    }
    return preparing && !member.joined ? Answer.REBALANCE : Answer.OK;
  }

  /** A heartbeat of the new protocol; null if the member is not known. */
  @Nullable Share reconcile(String id, Set<TopicPartition> owned, long now) {
    Member member = members.get(id);
    if (member == null) {
      return null;
    }
    member.heartbeatAt = now;
    Set<TopicPartition> wanted = target.getOrDefault(id, Set.of());
    Set<TopicPartition> leaving = new LinkedHashSet<>(member.granted);
    leaving.removeAll(wanted);
    if (leaving.stream().noneMatch(owned::contains)) {
      member.granted.removeAll(leaving);
      member.revokeBy = 0;
      for (TopicPartition one : wanted) {
        boolean isFree = members.values().stream().noneMatch(other -> other.granted.contains(one));
        if (isFree) {
          member.granted.add(one);
        }
      }
    } else if (member.revokeBy == 0) {
      member.revokeBy = now + member.longestPoll;
    }
    member.generation = generation;
    Set<TopicPartition> share = new LinkedHashSet<>(member.granted);
    share.retainAll(wanted);
    return new Share(generation, share);
  }

  private void retarget() {
    generation++;
    members.values().forEach(one -> one.owned = one.granted);
    target = sticky();
  }

  void leave(String id, long now) {
    if (members.remove(id) != null) {
      changed(now);
    }
  }

  /** Members or partitions have come or gone. */
  void changed(long now) {
    if (kind == Kind.CONSUMER) {
      retarget();
    } else {
      prepare(now);
      tryComplete(now);
    }
  }

  /** Removes members that have been silent for too long. */
  void expire(long now) {
    boolean some =
        members
            .values()
            .removeIf(
                one ->
                    (now - one.heartbeatAt > one.session && !(preparing && one.joined))
                        || (one.revokeBy > 0 && now > one.revokeBy));
    if (some) {
      changed(now);
    }
    tryComplete(now);
  }

  private Map<String, Set<TopicPartition>> inTurn() {
    Map<String, Set<TopicPartition>> shares = new LinkedHashMap<>();
    List<String> ids = new ArrayList<>(members.keySet());
    ids.forEach(id -> shares.put(id, new LinkedHashSet<>()));
    int next = generation;
    for (TopicPartition one : broker.inputs()) {
      if (!ids.isEmpty()) {
        shares.get(ids.get(next++ % ids.size())).add(one);
      }
    }
    return shares;
  }

  private Map<String, Set<TopicPartition>> sticky() {
    Map<String, Set<TopicPartition>> shares = new LinkedHashMap<>();
    List<TopicPartition> all = broker.inputs();
    Set<TopicPartition> taken = new HashSet<>();
    List<String> ids = new ArrayList<>(members.keySet());
    ids.sort(Comparator.comparingInt(id -> -members.get(id).owned.size()));
    for (int i = 0; i < ids.size(); i++) {
      int quota = all.size() / ids.size() + (i < all.size() % ids.size() ? 1 : 0);
      Set<TopicPartition> own = new LinkedHashSet<>();
      for (TopicPartition one : members.get(ids.get(i)).owned) {
        if (own.size() < quota && taken.add(one)) {
          own.add(one);
        }
      }
      shares.put(ids.get(i), own);
    }
    for (int i = 0; i < ids.size(); i++) {
      int quota = all.size() / ids.size() + (i < all.size() % ids.size() ? 1 : 0);
      Set<TopicPartition> own = shares.get(ids.get(i));
      for (TopicPartition one : all) {
        if (own.size() < quota && taken.add(one)) {
          own.add(one);
        }
      }
    }
    return shares;
  }

  private Answer check(
      String id, int knownGeneration, Map<TopicPartition, OffsetAndMetadata> offsets) {
    if (offsets.values().stream().anyMatch(one -> one.metadata().length() > MOST_METADATA)) {
      throw new OffsetMetadataTooLarge("more than " + MOST_METADATA + " bytes of metadata");
    }
    offsets.keySet().forEach(broker::log); // throws if there is no such partition
    Member member = members.get(id);
    return member == null
        ? Answer.UNKNOWN_MEMBER
        : member.generation != knownGeneration ? Answer.ILLEGAL_GENERATION : Answer.OK;
  }

  Answer commit(String id, int knownGeneration, Map<TopicPartition, OffsetAndMetadata> offsets) {
    Answer answer = check(id, knownGeneration, offsets);
    if (answer == Answer.OK) {
      writes++;
      offsets.keySet().forEach(name -> written.put(name, writes));
      committed.putAll(offsets);
      broker.committed(offsets);
    }
    return answer;
  }

  /** The offsets belong to an open transaction now. */
  Answer add(
      SimulatedTransaction transaction,
      String id,
      int knownGeneration,
      Map<TopicPartition, OffsetAndMetadata> offsets) {
    Answer answer = check(id, knownGeneration, offsets);
    if (answer == Answer.OK) {
      transaction.group = this;
      writes++;
      transaction.offsets.putAll(offsets);
      for (TopicPartition name : offsets.keySet()) {
        transaction.written.put(name, writes);
        pending.put(name, transaction);
      }
    }
    return answer;
  }

  void transactionEnded(SimulatedTransaction transaction) {
    pending.values().removeIf(one -> one == transaction);
    if (transaction.state == SimulatedTransaction.State.COMMITTED) {
      Map<TopicPartition, OffsetAndMetadata> newest = new LinkedHashMap<>(transaction.offsets);
      newest.keySet().removeIf(name -> isOlder(transaction, name));
      newest.keySet().forEach(name -> written.put(name, transaction.written.get(name)));
      committed.putAll(newest);
      broker.committed(newest);
    }
  }

  /** As in Kafka, the commit that was written last is valid, and not the one that ended last. */
  private boolean isOlder(SimulatedTransaction transaction, TopicPartition name) {
    return written.getOrDefault(name, 0L) > transaction.written.getOrDefault(name, 0L);
  }

  boolean isPending(TopicPartition name) {
    return pending.containsKey(name);
  }

  @Nullable OffsetAndMetadata committed(TopicPartition name) {
    return committed.get(name);
  }

  @Override
  public String toString() {
    return kind
        + " generation "
        + generation
        + (preparing ? " preparing " : " ")
        + members.keySet();
  }
}
