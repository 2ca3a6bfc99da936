package dev.millrace.kafka.reactor;

import dev.millrace.channel.internal.Demand;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.consumer.PollThread;
import dev.millrace.kafka.internal.handling.Handover;
import dev.millrace.kafka.internal.handling.Intake;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * A subscription, with the virtual thread that takes the requested messages from the partitions. A
 * message that was taken, but not emitted or not settled, is not committed: it will be redelivered.
 */
final class MessageSubscription<K, V> implements Subscription {

  private static final Logger LOG = LoggerFactory.getLogger(MessageSubscription.class);

  /** The number of messages after which the thread looks for events and cancellation. */
  private static final int TURN = 64;

  /** The poll thread ends by the close timeout, so that this is only a form of "no timeout". */
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;

  private final CoreSubscriber<? super Message<K, V>> actual;
  private final ConsumerSettings<K, V> settings;
  private final Bell bell = new Bell();
  private final Events events;
  private final AtomicLong requested = new AtomicLong();
  private final CancellableContext context;
  private volatile boolean cancelled;
  private volatile @Nullable Throwable refused;
  private volatile boolean ended;
  private volatile @Nullable Throwable lost; // written before ended

  MessageSubscription(
      CoreSubscriber<? super Message<K, V>> actual,
      ConsumerSettings<K, V> settings,
      Consumer<? super Exception> onError,
      Consumer<? super Notification> onNotification) {
    this.actual = actual;
    this.settings = settings;
    this.events = new Events(bell, onError, onNotification);
    Context parent = actual.currentContext().getOrDefault(Context.class, Context.background());
    this.context = Objects.requireNonNull(parent).withCancel();
  }

  @Override
  public void request(long n) {
    if (n <= 0) {
      refused = new IllegalArgumentException(Demand.tooSmall(n));
    } else {
      requested.accumulateAndGet(n, Operators::addCap);
    }
    bell.ring();
  }

  @Override
  public void cancel() {
    cancelled = true;
    bell.ring();
  }

  void start() {
    inThread(this::run);
  }

  private void inThread(Runnable task) {
    Thread.ofVirtual().name("millrace-flux-" + settings.group()).start(() -> context.run(task));
  }

  private void run() {
    var registration = CancelSource.listen(context, bell::ring);
    ConsumerCore<K, V> core;
    try {
      core = new ConsumerCore<>(settings, events);
    } catch (Throwable e) {
      end(registration, e);
      return;
    }
    Thread poll = new PollThread(settings.group(), core, this::pollEnded).thread();
    var handover = new Handover<K, V>(this::inThread);
    events.onTurn(handover::look);
    var intake = new Intake<>(core.partitions(), core.pauses(), handover);
    poll.start();
    handover.run(
        () -> {
          Throwable why = feed(intake);
          core.stop();
          boolean _ = Ends.join(poll, Time.nanoTime() + FOREVER_NANOS);
          events.deliver(); // what came while the consumer closed
          end(registration, why);
        });
  }

  private void end(CancelSource.Listening registration, @Nullable Throwable why) {
    registration.stop();
    context.cancel(); // its parent may forget it
    if (cancelled) {
      LOG.debug("the flux was cancelled", why);
    } else {
      actual.onError(
          why != null ? why : new IllegalStateException("the consumer has ended by itself"));
    }
  }

  private void pollEnded(@Nullable Throwable why) {
    lost = why;
    ended = true;
    bell.ring();
  }

  /** Hands over messages until the end; why it ends. */
  private @Nullable Throwable feed(Intake<K, V> intake) {
    try {
      while (true) {
        bell.reset();
        events.deliver();
        if (ended) {
          return lost;
        }
        if (cancelled || refused != null || context.isCancelled()) {
          return refused != null ? refused : context.cause();
        }
        if (!handOver(intake)) {
          bell.await();
        }
      }
    } catch (Handover.HandedOver e) { // another thread goes on
      throw e;
    } catch (Throwable e) { // a subscriber, or a listener, has thrown
      return e;
    }
  }

  /** Emits the ready messages, as far as they are requested; whether there may be more. */
  private boolean handOver(Intake<K, V> intake) {
    for (int i = 0; i < TURN; i++) {
      Message<K, V> message = cancelled || requested.get() == 0 ? null : intake.next();
      if (message == null) {
        return false;
      }
      if (requested.get() != Long.MAX_VALUE) {
        requested.decrementAndGet();
      }
      actual.onNext(message);
    }
    return true;
  }
}
