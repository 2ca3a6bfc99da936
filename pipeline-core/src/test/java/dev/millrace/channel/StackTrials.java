package dev.millrace.channel;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.sync.Semaphore;
import dev.millrace.sync.WaitGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The operations that {@link DeepStacks} does at each depth of a stack. */
final class StackTrials {

  /** Enough for all frames of a stack; made before, so that an operation makes none. */
  private static final int MAX = 20_000;

  private static final Element[] ELEMENTS = new Element[MAX];
  private static final Duration SHORT = Duration.ofNanos(1);

  static {
    for (int i = 0; i < MAX; i++) {
      ELEMENTS[i] = new Element(i);
    }
  }

  /** The number of operations that have overflowed. */
  private static int overflows;

  private StackTrials() {}

  private record Element(int number) {}

  /** An operation that is done at each depth, with a number of its own, and what it must keep. */
  abstract static class Trial {
    int next;
    @Nullable Throwable unexpected;
    // Written without a call, which could overflow; by this thread, and by the one partner.
    final int[] sent = new int[MAX];
    final int[] received = new int[MAX];
    final int[] partnerSent = new int[MAX];
    final int[] partnerReceived = new int[MAX];
    private final List<Thread> partners = new ArrayList<>();

    abstract void attempt(int number) throws InterruptedException;

    /** Starts the partners, and calls all that is called at the end of a stack once before. */
    void begin() throws InterruptedException {}

    /** Ends the partners. */
    void end() throws InterruptedException {}

    final void partner(boolean virtual, Body body) {
      Thread.Builder builder =
          virtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon().name("partner");
      partners.add(
          builder.start(
              () -> {
                try {
                  body.run();
                } catch (Throwable e) {
                  unexpected = e;
                }
              }));
    }

    final void step() {
      int number = next;
      if (number == MAX) {
        return;
      }
      next = number + 1;
      try {
        attempt(number);
      } catch (StackOverflowError e) {
        overflows++;
      } catch (Throwable e) {
        unexpected = e;
      }
    }

    final void check() throws InterruptedException {
      end();
      for (Thread partner : partners) {
        if (!partner.join(Duration.ofSeconds(50))) {
          throw new AssertionError(
              "a partner still waits:\n" + Arrays.toString(partner.getStackTrace()));
        }
      }
      if (unexpected != null) {
        throw new AssertionError("unexpected: " + unexpected, unexpected);
      }
      for (int i = 0; i < MAX; i++) {
        int in = sent[i] + partnerSent[i];
        int out = received[i] + partnerReceived[i];
        if (in != out || in > 1) {
          throw new AssertionError(
              "element %d was sent %d times and received %d times".formatted(i, in, out));
        }
      }
    }
  }

  interface Body {
    void run() throws Exception;
  }

  /** With a channel, which is drained at the end. */
  private abstract static class OnAChannel extends Trial {
    final Channel<Element> channel;

    OnAChannel(Channel<Element> channel) {
      this.channel = channel;
    }

    /** A partner that receives until the channel is closed. */
    final void receiver(boolean virtual) {
      partner(
          virtual,
          () -> {
            for (Element element; (element = channel.receiveOrNull()) != null; ) {
              partnerReceived[element.number]++;
            }
          });
    }

    /** A partner that sends until the channel is closed. */
    final void sender(boolean virtual) {
      partner(
          virtual,
          () -> {
            try {
              for (int i = 0; i < MAX; i++) {
                channel.send(ELEMENTS[i]);
                partnerSent[i]++;
              }
            } catch (ChannelClosedException e) {
              // that is the end
            }
          });
    }

    @Override
    void end() throws InterruptedException {
      if (channel.waitingSenders() + channel.waitingReceivers() > 1) { // one is the partner
        throw new AssertionError("waits though it has ended: " + channel);
      }
      channel.close();
      for (Element element : rest()) {
        received[element.number]++;
      }
    }

    Iterable<Element> rest() {
      return channel;
    }
  }

  private static final class TryBoth extends OnAChannel {
    TryBoth(Channel<Element> channel) {
      super(channel);
    }

    @Override
    void attempt(int number) {
      if (channel.trySend(ELEMENTS[number])) {
        sent[number]++;
      }
      if (number % 2 == 0) {
        Element element = channel.tryReceive();
        if (element != null) {
          received[element.number]++;
        }
      }
    }
  }

  private static final class TimedBoth extends OnAChannel {
    TimedBoth(Channel<Element> channel) {
      super(channel);
    }

    @Override
    void attempt(int number) throws InterruptedException {
      if (channel.trySend(ELEMENTS[number], SHORT)) {
        sent[number]++;
      }
      if (number % 2 == 0) {
        Element element = channel.tryReceive(SHORT);
        if (element != null) {
          received[element.number]++;
        }
      }
    }
  }

  private static final class Sending extends OnAChannel {
    private final boolean virtual;
    private final Context context;

    Sending(Channel<Element> channel, boolean virtual, Context context) {
      super(channel);
      this.virtual = virtual;
      this.context = context;
    }

    @Override
    void begin() {
      receiver(virtual);
    }

    @Override
    void attempt(int number) throws InterruptedException {
      channel.send(ELEMENTS[number], context);
      sent[number]++;
    }
  }

  private static final class Receiving extends OnAChannel {
    private final boolean virtual;
    private final Context context;

    Receiving(Channel<Element> channel, boolean virtual, Context context) {
      super(channel);
      this.virtual = virtual;
      this.context = context;
    }

    @Override
    void begin() {
      sender(virtual);
    }

    @Override
    void attempt(int number) throws InterruptedException {
      Element element = channel.receive(context);
      received[element.number]++;
    }
  }

  private static final class Iterating extends OnAChannel {
    private final Iterator<Element> iterator = channel.iterator();

    Iterating(Channel<Element> channel) {
      super(channel);
    }

    @Override
    void begin() {
      sender(true);
    }

    @Override
    void attempt(int number) {
      if (iterator.hasNext()) {
        Element element = iterator.next();
        received[element.number]++;
      }
    }

    @Override
    Iterable<Element> rest() {
      return () -> iterator;
    }
  }

  /**
   * Selects between a send and a receive, with partners for both, and between two that are silent.
   */
  private static final class Selecting extends OnAChannel {
    private final Channel<Element> silent = Channel.rendezvous();
    private final boolean waits;
    private final Select<Integer> select;
    private int number;

    Selecting(Channel<Element> channel, boolean waits) {
      super(channel);
      this.waits = waits;
      this.select =
          new Select<Integer>()
              .onSendFrom(channel, () -> ELEMENTS[number], () -> sent[number]++)
              .onReceive(silent, element -> 2)
              .onReceive(Channel.never(), element -> 3);
      if (!waits) {
        select.onTimeout(SHORT, () -> 0);
      }
    }

    @Override
    void begin() {
      if (waits) {
        receiver(true);
      }
    }

    @Override
    void attempt(int number) throws InterruptedException {
      this.number = number;
      select.select();
    }

    @Override
    void end() throws InterruptedException {
      if (silent.waitingReceivers() > 0) {
        throw new AssertionError("a clause that lost still waits: " + silent);
      }
      super.end();
    }
  }

  /** Closes a channel for each number; a receiver waits at it. */
  private static final class Closing extends Trial {
    private final List<Channel<Element>> channels = new ArrayList<>();
    private final boolean[] closed = new boolean[MAX];

    @Override
    void begin() {
      for (int i = 0; i < MAX / 16; i++) {
        Channel<Element> channel = Channel.rendezvous();
        channels.add(channel);
        partner(true, channel::receiveOrNull);
      }
    }

    @Override
    void attempt(int number) {
      int index = number % channels.size();
      if (!closed[index]) {
        channels.get(index).close();
        closed[index] = true;
      }
    }

    @Override
    void end() {
      for (int i = 0; i < channels.size(); i++) {
        if (channels.get(i).isClosed() != closed[i]) {
          throw new AssertionError("channel " + i + " is half closed: " + channels.get(i));
        }
        channels.get(i).close();
      }
    }
  }

  /** Cancels a context for each number: with a child, a waiter at each of both, and a function. */
  private static final class Cancelling extends Trial {
    private final List<CancellableContext> contexts = new ArrayList<>();
    private final List<CancellableContext> children = new ArrayList<>();
    private final boolean[] cancelled = new boolean[MAX];
    private final Throwable cause = new IllegalStateException("over");

    @Override
    void begin() {
      for (int i = 0; i < MAX / 16; i++) {
        CancellableContext context = Context.background().withCancel();
        CancellableContext child = context.withCancel();
        contexts.add(context);
        children.add(child);
        partner(true, context.done()::receiveOrNull);
        partner(true, child.done()::receiveOrNull);
      }
    }

    @Override
    void attempt(int number) {
      int index = number % contexts.size();
      if (!cancelled[index]) {
        contexts.get(index).cancel(cause);
        cancelled[index] = true;
      }
    }

    @Override
    void end() {
      for (int i = 0; i < contexts.size(); i++) {
        if (contexts.get(i).isCancelled() != cancelled[i]
            || children.get(i).isCancelled() != cancelled[i]) {
          throw new AssertionError("context " + i + " is half cancelled: " + contexts.get(i));
        }
        contexts.get(i).cancel();
      }
    }
  }

  /** Passes the only permit of a semaphore to and fro. */
  private static final class Permits extends Trial {
    private final Semaphore semaphore = new Semaphore(1);
    private volatile boolean ended;
    private boolean held;

    @Override
    void begin() {
      partner(
          true,
          () -> {
            while (!ended) {
              semaphore.acquire(1);
              semaphore.release(1);
            }
          });
    }

    @Override
    void attempt(int number) throws InterruptedException {
      semaphore.acquire(1);
      try {
        semaphore.release(1);
      } catch (StackOverflowError e) {
        next = MAX; // has not happened: the permit is released at the end, and this is the last try
        held = true;
        throw e;
      }
    }

    @Override
    void end() {
      if (held) {
        semaphore.release(1);
      }
      ended = true;
    }
  }

  /** Counts up and down; a partner awaits. */
  private static final class Counting extends Trial {
    private final WaitGroup group = new WaitGroup();
    private int left = 1;

    @Override
    void begin() {
      group.add(1);
      partner(true, () -> group.await());
    }

    @Override
    void attempt(int number) {
      group.add(1);
      left++;
      group.done();
      left--;
    }

    @Override
    void end() {
      if (group.count() != left) {
        throw new AssertionError("counts " + group.count() + " instead of " + left);
      }
      group.add(-left);
    }
  }

  /** A new trial of each operation. */
  static List<Trial> all() {
    List<Trial> trials = new ArrayList<>();
    Context background = Context.background();
    Context cancellable = background.withCancel();
    for (int capacity : new int[] {0, 1, 4}) {
      trials.add(new TryBoth(Channel.buffered(capacity)));
      trials.add(new TimedBoth(Channel.buffered(capacity)));
      trials.add(new Iterating(Channel.buffered(capacity)));
      trials.add(new Selecting(Channel.buffered(capacity), true));
      trials.add(new Selecting(Channel.buffered(capacity), false));
      for (boolean virtual : new boolean[] {true, false}) {
        for (Context context : List.of(background, cancellable)) {
          trials.add(new Sending(Channel.buffered(capacity), virtual, context));
          trials.add(new Receiving(Channel.buffered(capacity), virtual, context));
        }
      }
    }
    trials.add(new Closing());
    trials.add(new Cancelling());
    trials.add(new Permits());
    trials.add(new Counting());
    return trials;
  }

  static int overflows() {
    return overflows;
  }
}
