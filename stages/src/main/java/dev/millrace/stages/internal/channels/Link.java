package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.wait.Signal;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A bounded hand-over from one thread to one other.
 *
 * <p>The producer makes sure of room, counts, and puts. So a report never sees an element taken
 * that was not made. Both sides wait at a {@link Signal} of their thread, which has the argument
 * why no wake-up is lost.
 */
abstract class Link {

  /** {@link #receive} returns it after the last element. */
  static final Object END = new Object();

  /**
   * How many elements wait between two threads by default: enough to park once for several
   * elements, few enough for a stage not to run far ahead.
   */
  static final int CAPACITY = 16;

  /**
   * The capacity of the links into and out of a branch of a fan-out. An element passes two links
   * for each branch, and most of the time goes into parking and waking their threads.
   */
  static final int LANE = 128;

  private final PipelineThread producer;
  private final PipelineThread consumer;
  private final Runnable onCancel;

  /** Where the consumer waits; here as well, so that a put reads one field less. */
  private final Signal elementSignal;

  /** Where the producer waits. */
  private final Signal roomSignal;

  private final WaitStrategy untilRoomy;
  private final WaitStrategy untilReady;
  private final BooleanSupplier roomOrCancel = this::hasRoomOrIsCancelled;
  private final BooleanSupplier elementOrEnd = this::isReadyOrIdle;

  /** Written once by the producer, after its last element; read by the consumer. */
  private volatile boolean ended;

  /** Written once by the consumer; read by the producer. */
  private volatile boolean cancelled;

  /**
   * @param onCancel called once, if the consumer takes no more elements
   */
  Link(PipelineThread producer, PipelineThread consumer, Runnable onCancel) {
    this.producer = producer;
    this.consumer = consumer;
    this.onCancel = onCancel;
    this.elementSignal = consumer.elements;
    this.roomSignal = producer.room;
    this.untilRoomy = producer.adaptive(this::isRoomy);
    this.untilReady = consumer.adaptive(this::isReady);
  }

  /** Whether the producer can put an element. By the producer. */
  abstract boolean hasRoom();

  /** Whether a producer that has waited should go on: several elements have room. */
  boolean isRoomy() {
    return cancelled || hasRoom();
  }

  /** Adds an element; there is room. By the producer. */
  abstract void add(Object element);

  /** Takes the oldest element; null if there is none. By the consumer. */
  abstract @Nullable Object poll();

  /** Whether there is nothing to take. By either side; the producer may read an old value. */
  abstract boolean isEmpty();

  // The producer

  /**
   * Waits for room.
   *
   * @param next the account of the stage that waits to take an element, if it is the producer's
   * @return false if the consumer takes no more elements
   */
  boolean awaitRoom(Account next) {
    if (!cancelled && !hasRoom()) {
      producer.waitsForOutput(next);
      try {
        producer.awaitRoom(untilRoomy, roomOrCancel);
      } finally {
        producer.hasOutput();
      }
    }
    return !cancelled;
  }

  private boolean hasRoomOrIsCancelled() {
    return cancelled || hasRoom();
  }

  /** Hands an element over, for which there is room. */
  final void put(Object element) {
    add(element);
    VarHandle.fullFence();
    hasNews();
    elementSignal.signalAfterFence();
  }

  /** There are no more elements. */
  final void end() {
    ended = true;
    VarHandle.fullFence();
    hasNews();
    elementSignal.signalAfterFence();
  }

  /** Called after an element was added, or the end was set, and a full fence. */
  void hasNews() {}

  /** Whether the consumer takes no more elements. */
  final boolean isCancelled() {
    return cancelled;
  }

  /** Wakes the consumer, after a full fence, or a change of the condition that is atomic. */
  final void wakeConsumer() {
    elementSignal.signalAfterFence();
  }

  // The consumer

  /**
   * Takes an element; waits for it.
   *
   * @param waiting whose time of waiting it is
   * @param deadline a {@link System#nanoTime}, or {@link Signal#NEVER}
   * @return {@link #END} after the last one; null if the deadline passes
   */
  final @Nullable Object receive(Account waiting, long deadline) {
    Object element = poll();
    if (element == null) {
      waiting.waitsForInput();
      try {
        boolean inTime = true;
        while (element == null && inTime) { // another consumer of the same elements may be faster
          inTime = consumer.awaitElementUntil(deadline, untilReady, elementOrEnd);
          element = pollOrEnd();
        }
      } finally {
        waiting.hasInput();
      }
    }
    return element;
  }

  /** Like {@link #isReady}, by a consumer that waits, after its fence. */
  boolean isReadyOrIdle() {
    return isReady();
  }

  /** Takes an element, or {@link #END}; null if there is none now. */
  final @Nullable Object pollOrEnd() {
    Object element = poll();
    if (element == null && ended) {
      element = poll(); // the last one may have come before the end, but after the first look
      return element == null ? END : element;
    }
    return element;
  }

  /** Whether there is an element, or will be none. */
  final boolean isReady() {
    return !isEmpty() || ended;
  }

  /** Whether no more elements are put. */
  final boolean hasEnded() {
    return ended;
  }

  /** Whether there is no element, and will be none. */
  final boolean isExhausted() {
    return ended && isEmpty();
  }

  /** The consumer has made room. */
  final void madeRoom() {
    roomSignal.signal();
  }

  /**
   * The consumer takes no more elements: the producer is stopped, unless it feeds others as well.
   */
  final void cancel() {
    if (!cancelled) {
      cancelled = true;
      if (!ended) {
        onCancel.run();
        hasLeft();
        roomSignal.signal();
      }
    }
  }

  /** Called when the consumer takes no more elements, before the producer is woken. */
  void hasLeft() {}
}
