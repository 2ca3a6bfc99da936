package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the oracle informed while a round runs: four times a second it asks the broker for the
 * committed offsets, and then reads the logs. It has a thread of its own.
 */
final class Reading implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Reading.class);
  private static final long PAUSE = 250;
  private static final long ANSWER = 3000;

  private final Oracle oracle;
  private final Ledger ledger;
  private final Admin admin;
  private final String group;
  private final Traffic traffic;
  private final Queue<Event> conducted = new ConcurrentLinkedQueue<>();
  private final Queue<Complaint> complaints = new ConcurrentLinkedQueue<>();
  private final List<EventTail> tails = new CopyOnWriteArrayList<>();
  private final Thread thread = Thread.ofPlatform().name("oracle").unstarted(this::run);
  private volatile boolean closing;
  private volatile boolean violated;
  private volatile @Nullable Exception failure;
  private volatile Map<Integer, Long> committed = Map.of();
  private volatile Map<TopicPartition, Long> committedElsewhere = Map.of();

  private record Complaint(Invariant invariant, String what) {}

  Reading(Oracle oracle, Ledger ledger, Admin admin, String group, Traffic traffic) {
    this.oracle = oracle;
    this.ledger = ledger;
    this.admin = admin;
    this.group = group;
    this.traffic = traffic;
  }

  void start() {
    thread.start();
  }

  void add(EventTail tail) {
    tails.add(tail);
  }

  /** The actions of the conductor. */
  void conducted(Event event) {
    conducted.add(event);
  }

  /** The observations of the conductor. */
  void complain(Invariant invariant, String what) {
    complaints.add(new Complaint(invariant, what));
  }

  /** Whether an invariant is broken. */
  boolean isViolated() {
    return violated;
  }

  /** The commits in the broker's last answer. */
  Map<Integer, Long> committed() {
    return committed;
  }

  /** The commits of other topics than the inputs. */
  Map<TopicPartition, Long> committedElsewhere() {
    return committedElsewhere;
  }

  private void run() {
    try {
      while (!closing) {
        read();
        Thread.sleep(PAUSE); // the time between two readings
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // no thread interrupts this one
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
  }

  /** Ends reading, after it has read all lines. */
  @Override
  public void close() throws IOException, InterruptedException {
    closing = true;
    thread.join();
    if (failure != null) {
      throw new IllegalStateException("the oracle could not go on", failure);
    }
    read();
    read(); // a second reading, for the claims of the first one
  }

  private void read() throws IOException, InterruptedException {
    Map<Integer, Long> answer = ask();
    long now = System.nanoTime();
    List<Event> events = new ArrayList<>();
    for (Event event; (event = conducted.poll()) != null; ) {
      events.add(event);
      if (event.kind() == Kind.EXPIRED) { // after the question, perhaps
        answer.clear();
        committed = Map.of();
      }
    }
    for (Traffic.Produced one : traffic.take()) {
      if (one.isMarked()) {
        oracle.marked(one.partition(), one.offset());
      } else {
        oracle.produced(one.partition(), one.offset(), one.key());
        ledger.input(one.partition(), one.offset(), one.value());
      }
    }
    for (EventTail tail : tails) {
      events.addAll(tail.read());
    }
    Collections.sort(events, (a, b) -> Long.compare(a.nanos(), b.nanos()));
    events.forEach(oracle::event);
    oracle.asked(answer);
    if (events.stream().noneMatch(event -> event.kind() == Kind.LAUNCHED)) {
      oracle.look(now);
    }
    for (Complaint one; (one = complaints.poll()) != null; ) {
      oracle.complain(one.invariant(), one.what());
    }
    committed = answer.isEmpty() ? committed : answer;
    violated = !oracle.violations().isEmpty();
  }

  private Map<Integer, Long> ask() throws InterruptedException {
    Map<Integer, Long> answer = new HashMap<>();
    Map<TopicPartition, Long> others = new HashMap<>();
    try {
      admin
          .listConsumerGroupOffsets(group)
          .partitionsToOffsetAndMetadata()
          .get(ANSWER, TimeUnit.MILLISECONDS)
          .forEach(
              (name, offset) -> {
                if (offset != null && name.topic().equals(group)) {
                  answer.put(name.partition(), offset.offset());
                } else if (offset != null) {
                  others.put(name, offset.offset());
                }
              });
      committedElsewhere = others;
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("the broker does not answer", e); // it may have been killed
      answer.clear();
    }
    return answer;
  }
}
