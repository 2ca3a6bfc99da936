package dev.millrace.testkit.chaos.simulation;

import dev.millrace.clock.internal.Time;
import dev.millrace.testkit.chaos.simulation.SimulatedBroker.Request;
import dev.millrace.testkit.chaos.simulation.SimulatedGroup.Answer;
import dev.millrace.testkit.chaos.simulation.SimulatedGroup.Kind;
import dev.millrace.testkit.chaos.simulation.SimulatedGroup.Share;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.jspecify.annotations.Nullable;

/** The membership of a consumer in its group: heartbeats, rebalances, and the partitions it has. */
final class SimulatedMembership {

  /** A partition that the consumer has. */
  static final class Assigned {
    @Nullable Long position;
    boolean paused;
  }

  private static final Duration HEARTBEAT = Duration.ofMillis(500);

  /** The partitions that the consumer has, in an order that no hash decides. */
  final Map<TopicPartition, Assigned> assigned = new LinkedHashMap<>();

  private final SimulatedBroker broker;
  private final SimulatedLink link;
  private final String groupId;
  private final long session;
  private final long longestPoll;
  private @Nullable ConsumerRebalanceListener listener;
  private @Nullable String member;
  private int generation = -1;
  private boolean rejoins = true;
  private boolean fenced;
  private @Nullable Request<String> joining;
  private @Nullable Set<TopicPartition> wanted;
  private @Nullable Thread heart;
  private long lastPoll;
  private boolean closed;

  SimulatedMembership(SimulatedBroker broker, SimulatedLink link, Map<String, Object> properties) {
    this.broker = broker;
    this.link = link;
    this.groupId = String.valueOf(properties.get("group.id"));
    ToLongFunction<String> number = name -> Long.parseLong("" + properties.get(name));
    this.session = Duration.ofMillis(number.applyAsLong("session.timeout.ms")).toNanos();
    this.longestPoll = Duration.ofMillis(number.applyAsLong("max.poll.interval.ms")).toNanos();
    this.lastPoll = Time.nanoTime();
  }

  void begin(ConsumerRebalanceListener callbacks) {
    listener = callbacks;
    if (heart == null) {
      heart = Thread.ofVirtual().name("heartbeat-" + link.client).start(this::beat);
    }
  }

  /** A poll begins. */
  void polled() {
    lastPoll = Time.nanoTime();
  }

  Duration sincePoll() {
    return Duration.ofNanos(Time.nanoTime() - lastPoll);
  }

  Set<TopicPartition> assignment() {
    return new LinkedHashSet<>(assigned.keySet());
  }

  boolean isJoining() {
    return joining != null;
  }

  boolean isFenced() {
    return fenced;
  }

  String member() {
    return Objects.requireNonNull(member);
  }

  int generation() {
    return generation;
  }

  @SuppressWarnings({"deprecation", "removal"}) // Kafka's own consumer creates it in the same way
  ConsumerGroupMetadata metadata() {
    return new ConsumerGroupMetadata(
        groupId, generation, Objects.requireNonNullElse(member, ""), Optional.empty());
  }

  /** Leaves the group, and ends the heartbeats. */
  void end() {
    leave();
    closed = true;
    Thread last = heart;
    if (last != null) {
      last.interrupt();
    }
  }

  private void beat() {
    while (!closed) {
      try {
        if (Time.nanoTime() - lastPoll > longestPoll && member != null && !fenced) {
          leave();
          fenced = true;
        } else if (broker.group().kind == Kind.CONSUMER) {
          reconcile();
        } else {
          beatClassic();
        }
        Time.parkNanos(this, HEARTBEAT.toNanos());
      } catch (InterruptException e) {
        return; // close() interrupts it
      }
    }
  }

  private void beatClassic() {
    String id = member;
    int now = generation;
    if (id == null || fenced || joining != null) {
      return;
    }
    Answer answer =
        answer(broker.send(link, true, () -> broker.group().heartbeat(id, now, broker.clock())));
    if (now != generation || joining != null) {
      return; // the answer is about an old generation
    }
    switch (answer) {
      case OK -> {}
      case REBALANCE -> rejoins = true;
      case UNKNOWN_MEMBER, ILLEGAL_GENERATION -> fenced = true;
    }
    if (answer != Answer.OK) {
      broker.wakePollers();
    }
  }

  private void reconcile() {
    if (fenced) {
      return;
    }
    String id = member;
    if (id == null) {
      id =
          answer(
              broker.send(
                  link,
                  true,
                  () -> broker.group().join(null, Set.of(), session, longestPoll, broker.clock())));
      member = id;
    }
    String known = id;
    Set<TopicPartition> owned = Set.copyOf(assigned.keySet());
    Optional<Share> answer =
        answer(
            broker.send(
                link,
                true,
                () -> Optional.ofNullable(broker.group().reconcile(known, owned, broker.clock()))));
    if (answer.isEmpty()) {
      fenced = true;
    } else {
      generation = answer.get().generation();
      wanted = answer.get().partitions();
    }
    broker.wakePollers();
  }

  private <T> T answer(Request<T> request) {
    broker.pause(request.answerAt);
    broker.settle();
    RuntimeException failure = request.failure;
    if (failure != null) {
      throw failure;
    }
    return Objects.requireNonNull(request.result);
  }

  private void leave() {
    String id = member;
    if (id != null) {
      broker.send(
          link,
          true,
          () -> {
            broker.group().leave(id, broker.clock());
            return "";
          });
    }
  }

  /** For polls: does what the group has decided, and calls the listener. */
  void coordinate() {
    if (fenced) {
      Set<TopicPartition> lost = assignment();
      member = null;
      generation = -1;
      wanted = null;
      joining = null;
      rejoins = true;
      if (!lost.isEmpty()) {
        callbacks().onPartitionsLost(lost);
        assigned.clear();
      }
      fenced = false;
    }
    if (broker.group().kind == Kind.CONSUMER) {
      Set<TopicPartition> target = wanted;
      if (target != null && !target.equals(assigned.keySet())) {
        move(target);
        LockSupport.unpark(heart); // tells the broker
      }
    } else {
      rejoin();
    }
  }

  private void rejoin() {
    Request<String> sent = joining;
    if (rejoins && sent == null) {
      Set<TopicPartition> all = assignment();
      if (broker.group().kind == Kind.EAGER && !all.isEmpty()) {
        callbacks().onPartitionsRevoked(all);
        assigned.clear();
      }
      if (fenced) {
        return; // while the callback ran
      }
      Set<TopicPartition> owned = assignment();
      String id = member;
      sent =
          broker.send(
              link,
              true,
              () -> broker.group().join(id, owned, session, longestPoll, broker.clock()));
      joining = sent;
    }
    if (sent == null || broker.isDown(link) || !sent.isAnswered(broker.settle())) {
      return;
    }
    String id = Objects.requireNonNull(sent.result);
    if (id.equals(SimulatedGroup.UNKNOWN)) {
      joining = null;
      fenced = true;
      return;
    }
    member = id;
    Share share = broker.group().share(id);
    if (share == null) {
      return;
    }
    joining = null;
    rejoins = false;
    generation = share.generation();
    if (generation < 0) {
      fenced = true;
      return;
    }
    move(share.partitions());
  }

  private void move(Set<TopicPartition> target) {
    Set<TopicPartition> revoked = assignment();
    revoked.removeAll(target);
    if (!revoked.isEmpty()) {
      callbacks().onPartitionsRevoked(revoked);
      revoked.forEach(assigned::remove);
      rejoins = broker.group().kind == Kind.COOPERATIVE;
    }
    Set<TopicPartition> added = new LinkedHashSet<>();
    for (TopicPartition one : broker.inputs()) { // in an order that no hash decides
      if (target.contains(one) && !assigned.containsKey(one)) {
        added.add(one);
        assigned.put(one, new Assigned());
      }
    }
    callbacks().onPartitionsAssigned(added);
  }

  ConsumerRebalanceListener callbacks() {
    return Objects.requireNonNull(listener);
  }

  /** A commit cannot be sent outside of a generation; null if it can. */
  @Nullable RuntimeException refusal() {
    if (joining != null) {
      return new RebalanceInProgressException("the group rebalances");
    }
    return member == null || generation < 0 || fenced
        ? new CommitFailedException("the consumer is no member of the group")
        : null;
  }

  /** The failure of a commit with this answer; null if there is none. */
  @Nullable RuntimeException failure(Answer answer) {
    if (answer == Answer.OK) {
      return null;
    }
    fenced = true;
    return new CommitFailedException("the broker says " + answer);
  }
}
