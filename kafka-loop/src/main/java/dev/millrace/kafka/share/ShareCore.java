package dev.millrace.kafka.share;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.internal.loop.LoopCore;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.settings.ShareDraft;
import dev.millrace.kafka.internal.settings.ShareSettings;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The loop behind {@link ShareLoop}: starts members and workers, and ends them. Thread-safe. */
final class ShareCore<K, V> extends LoopCore<K, V> implements MemberOwner<K, V> {

  private static final int EVENTS = 1000;

  /** The time for a question to the cluster. */
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private enum Event {
    END,
    OTHER
  }

  private final ShareSettings share;
  private final RecordHandler<K, V> handler;
  private final Channel<Boolean> draining = Channel.rendezvous();
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Boolean> memberEnds = Channel.conflated();
  private final AtomicReference<@Nullable Throwable> memberFailure = new AtomicReference<>();
  private final Map<TopicPartition, Share> shares = new ConcurrentHashMap<>();
  private volatile List<Member<K, V>> members = List.of();
  private volatile @Nullable Workers<K, V> workers;
  private volatile long startedAt = Time.nanoTime();

  /** Since when acknowledgements are refused, as {@link System#nanoTime}; 0 if they are not. */
  private final AtomicLong refusedSince = new AtomicLong();

  /** Whether the main loop still receives {@link #errors}. Guarded by {@link #draining}. */
  private boolean receiving = true;

  ShareCore(ShareDraft<K, V> draft, @Nullable RecordHandler<K, V> handler) {
    this(draft, draft.settings(), handler);
  }

  private ShareCore(
      ShareDraft<K, V> draft, ShareSettings share, @Nullable RecordHandler<K, V> handler) {
    super(draft.loop);
    this.share = share;
    this.handler = Objects.requireNonNull(handler, "no handler: call handler(…)");
  }

  @Override
  protected @Nullable Throwable consume(Context context, @Nullable OwnProducer letters)
      throws InterruptedException {
    startedAt = Time.nanoTime();
    Exception refusal = checkDeliveryLimit();
    if (refusal != null) {
      return refusal;
    }
    Deserialization<K, V> deserialization = settings().newDeserialization();
    var group = TaskGroup.collecting(context);
    var crew = new Workers<>(loop().concurrency, group, handling(deserialization, letters, group));
    workers = crew;
    try {
      start(context);
      Throwable failure = select(crew, group.context());
      crew.await(drainTimeout());
      return crew.failure() != null ? crew.failure() : failure;
    } finally {
      crew.close();
      interrupt(group, () -> crew.running(settings().group()));
      close(deserialization);
    }
  }

  /** A record is lost if the broker drops it while this loop still waits for its next delivery. */
  private @Nullable Exception checkDeliveryLimit() throws InterruptedException {
    if (share.deliveries == 1) {
      return null;
    }
    String what = "redeliver(%d)".formatted(share.deliveries);
    Admin admin = share.newAdmin();
    try {
      OptionalInt limit = DeliveryLimit.ask(admin, settings().group(), ANSWER);
      return limit.isEmpty() || limit.getAsInt() >= share.deliveries
          ? null
          : new IllegalStateException(
              "%s is above 'share.delivery.count.limit' of the group '%s', %d: the broker would drop records before their last delivery. Lower the number, or raise the limit"
                  .formatted(what, settings().group(), limit.getAsInt()));
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      survived(
          new KafkaException(
              "the cluster does not tell 'share.delivery.count.limit' of the group '%s': make sure that it is not below %s"
                  .formatted(settings().group(), what),
              e));
      return null;
    } finally {
      admin.close(Duration.ZERO);
    }
  }

  private Handling<K, V> handling(
      Deserialization<K, V> deserialization, @Nullable OwnProducer letters, TaskGroup group) {
    return new Handling<>(
        settings().group(),
        handler,
        deserialization,
        loop().policy(letters),
        share,
        group.context()::isCancelled,
        this::report);
  }

  private void start(Context context) {
    List<Member<K, V>> all = new ArrayList<>();
    for (int i = 0; i < share.consumers; i++) {
      String name = "millrace-share-%s-%d".formatted(settings().group(), i);
      all.add(new Member<>(this, share.newConsumer(i), name, context));
      members = List.copyOf(all); // the end of the loop closes these if the next one fails
      all.getLast().start();
    }
  }

  /** The main loop; returns the failure of a member, or null. */
  private @Nullable Throwable select(Workers<K, V> crew, Context context)
      throws InterruptedException {
    var select =
        new Select<Event>()
            .onReceive(errors, this::error)
            .onReceive(crew.events(), one -> crew.failure() == null ? Event.OTHER : Event.END)
            .onReceive(memberEnds, one -> Event.END)
            .onReceive(draining, one -> Event.END, () -> Event.END)
            .onDone(context, () -> Event.END);
    while (select.select() != Event.END) {}
    return memberFailure.get();
  }

  private Event error(Exception error) {
    survived(error);
    return Event.OTHER;
  }

  private void close(Deserialization<K, V> deserialization) {
    long by = closeDeadline();
    // Kafka's consumer uses all the time that it is given, and its threads end after that.
    long members = Time.nanoTime() + Time.left(by).multipliedBy(2).dividedBy(3).toNanos();
    this.members.forEach(one -> one.end(members));
    for (Member<K, V> one : this.members) {
      if (!one.join(by)) {
        survived(stuckPoll(one.place()));
      }
    }
    shares.values().forEach(one -> one.observer().released());
    try {
      deserialization.close();
    } catch (RuntimeException e) {
      survived(e);
    }
    synchronized (draining) {
      receiving = false;
      for (Exception error; (error = errors.tryReceive()) != null; ) {
        survived(error);
      }
    }
  }

  @Override
  protected void wake() {
    draining.close();
  }

  @Override
  public Share share(TopicPartition partition) {
    Share known = shares.get(partition);
    if (known == null) { // members of this loop may hold records of the same partition
      known =
          shares.computeIfAbsent(
              partition,
              name -> {
                var one = new Share(name);
                one.observer(settings().observer.assigned(settings().group(), one::status));
                return one;
              });
    }
    return known;
  }

  @Override
  public Workers<K, V> workers() {
    return Objects.requireNonNull(workers);
  }

  @Override
  public boolean mayFetch() {
    return !isDraining() && memberFailure.get() == null && !workers().isStopped() && !isPaused();
  }

  @Override
  public List<String> topics() {
    return share.topics;
  }

  @Override
  public Duration maxPollInterval() {
    return share.maxPollInterval;
  }

  @Override
  public void report(Exception failure) {
    synchronized (draining) { // afterwards the main loop has ended
      if (receiving) {
        errors.trySend(failure);
        return;
      }
    }
    survived(failure);
  }

  @Override
  public void acknowledged(Duration took) {
    refusedSince.set(0);
    settings().observer.committed(settings().group(), took);
  }

  @Override
  public void refused(Exception failure) {
    refusedSince.compareAndSet(0, Time.nanoTime() | 1); // never 0
    settings().observer.commitFailed(settings().group(), failure);
  }

  @Override
  public void ended(@Nullable Throwable failure) {
    if (failure != null) {
      memberFailure.compareAndSet(null, failure);
    }
    memberEnds.trySend(true);
  }

  @Override
  protected Health healthWithoutCore() {
    Workers<K, V> crew = workers;
    if (crew == null || members.isEmpty()) {
      return super.healthWithoutCore();
    }
    boolean joined = members.stream().allMatch(Member::hasJoined);
    String stuck = stuck(crew, joined);
    if (stuck != null) {
      return new Health(State.STUCK, stuck, joined);
    }
    return joined
        ? new Health(State.RUNNING, "it handles records, or waits for records")
        : new Health(State.STARTING, "it has not been in its group yet");
  }

  private @Nullable String stuck(Workers<K, V> crew, boolean joined) {
    long limit = settings().stuckAfter.toNanos();
    for (Member<K, V> one : members) {
      if (one.idle() > limit) {
        return "the poll thread has done nothing for %s, at: %s"
            .formatted(time(one.idle()), one.place());
      }
    }
    HeldRecord<K, V> oldest = crew.oldest();
    if (oldest != null && oldest.age() > limit) {
      return "the record of %s began %s ago and is not finished"
          .formatted(oldest, time(oldest.age()));
    }
    long refused = refusedSince.get();
    if (refused != 0 && Time.nanoTime() - refused > limit) {
      return "the broker has accepted no acknowledgement for " + time(Time.nanoTime() - refused);
    }
    if (!joined && Time.nanoTime() - startedAt > limit) {
      return "it has not been in its group for %s: is the broker reachable, and does it have share groups (Kafka 4.2, share.version=1)?"
          .formatted(time(Time.nanoTime() - startedAt));
    }
    return null;
  }

  private static String time(long nanos) {
    return Duration.ofNanos(nanos).toSeconds() + " s";
  }

  @Override
  public List<PartitionStatus> partitions() {
    return shares.values().stream().map(Share::status).toList();
  }

  private Pauses pauses() {
    return Objects.requireNonNull(settings().pauses);
  }

  private boolean isPaused() {
    return pauses().contains(ALL);
  }

  /** Stands for all partitions: a share group cannot pause one of them. */
  private static final TopicPartition ALL = new TopicPartition("", 0);

  @Override
  public void pause(Collection<TopicPartition> names) {
    throw refusal();
  }

  @Override
  public void resume(Collection<TopicPartition> names) {
    throw refusal();
  }

  private static UnsupportedOperationException refusal() {
    return new UnsupportedOperationException(
        "a share group assigns no partition to one member alone, so none can be paused by its name:"
            + " use pauseAll() and resumeAll()");
  }

  @Override
  public void resumeAll() {
    pauses().removeAll();
  }

  @Override
  public Set<TopicPartition> paused() {
    return isPaused() ? Set.copyOf(shares.keySet()) : Set.of();
  }
}
