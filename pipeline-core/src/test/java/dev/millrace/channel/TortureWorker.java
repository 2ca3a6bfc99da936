package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.TortureIntent.Ends;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a torture round: does random operations on random channels, and keeps a ledger of the
 * end of each element. The seed determines the operations, but not their interleaving.
 */
final class TortureWorker implements Runnable {

  private static final int BELIEVABLE = 1_000_000;

  final int id;
  final Thread thread;
  final TortureLedger ledger = new TortureLedger();

  volatile CancellableContext context = Context.background().withCancel();
  volatile TortureIntent intent = TortureIntent.NOTHING;
  volatile @Nullable Throwable failure;

  private final SplittableRandom random;
  private final List<Channel<TortureItem>> channels;
  private final int operations;
  private final int sendPercent;
  private final int closePerMille;
  private final int[] numbers;

  /** Guarded by this, as is whether an interrupt may still come. */
  private int interruptsPending;

  private boolean working = true;

  TortureWorker(
      int id,
      SplittableRandom random,
      List<Channel<TortureItem>> channels,
      int operations,
      int closePerMille,
      Thread.Builder threads) {
    this.id = id;
    this.random = random;
    this.channels = channels;
    this.operations = operations;
    this.closePerMille = closePerMille;
    this.sendPercent = 20 + random.nextInt(61);
    this.numbers = new int[channels.size()];
    this.thread = threads.name("torture-" + id).unstarted(this);
  }

  @Override
  public void run() {
    try {
      for (int i = 0; i < operations; i++) {
        operate();
        intent = TortureIntent.NOTHING;
      }
      checkInterrupts();
    } catch (Throwable e) {
      failure = e;
    } finally {
      context.close();
      intent = TortureIntent.FINISHED;
    }
  }

  private void operate() {
    try {
      int dice = random.nextInt(100);
      int channel = random.nextInt(channels.size());
      if (dice < 3) {
        look(channel);
      } else if (dice < 40) {
        select();
      } else if (random.nextInt(100) < sendPercent) {
        send(channel);
      } else {
        receive(channel);
      }
    } catch (InterruptedException e) {
      seeInterrupt();
    } catch (CancellationException e) {
      assertThat(context.isCancelled()).as("cancelled without a reason").isTrue();
    }
    if (context.isCancelled()) {
      context.close();
      context =
          random.nextInt(50) == 0
              ? Context.background().withTimeout(Duration.ofNanos(random.nextInt(200_000)))
              : Context.background().withCancel();
    }
  }

  /** Interrupts this worker, unless an earlier interrupt is still on its way. */
  synchronized void interrupt() {
    if (working && interruptsPending == 0) {
      interruptsPending = 1;
      thread.interrupt();
    }
  }

  private synchronized void seeInterrupt() {
    assertThat(interruptsPending).as("interrupts when an operation was interrupted").isOne();
    assertThat(Thread.currentThread().isInterrupted())
        .as("an exception and the status for one interrupt")
        .isFalse();
    interruptsPending = 0;
  }

  /** An interrupt that ended no operation must still be visible in the thread's status. */
  private synchronized void checkInterrupts() {
    working = false;
    assertThat(Thread.interrupted() ? 1 : 0)
        .as("interrupts that the worker has not seen yet")
        .isEqualTo(interruptsPending);
  }

  private TortureItem next(int channel) {
    return new TortureItem(id, channel, numbers[channel]++);
  }

  private Duration soon() {
    return Duration.ofNanos(random.nextInt(4) == 0 ? 0 : random.nextInt(60_000));
  }

  private void send(int index) throws InterruptedException {
    Channel<TortureItem> channel = channels.get(index);
    TortureItem item = next(index);
    boolean sent = false;
    try {
      switch (random.nextInt(5)) {
        case 0 -> sent = channel.trySend(item);
        case 1 -> sent = channel.trySend(item, soon());
        case 2 -> {
          intent = TortureIntent.endless("send with a context", index, true);
          channel.send(item, context);
          sent = true;
        }
        default -> {
          intent = TortureIntent.endless("send", index, true);
          channel.send(item);
          sent = true;
        }
      }
    } catch (ChannelClosedException e) {
      assertThat(channel.isClosed()).as("a send reported an open channel as closed").isTrue();
    } finally {
      (sent ? ledger.sent : ledger.unsent).add(item);
    }
  }

  private void receive(int index) throws InterruptedException {
    Channel<TortureItem> channel = channels.get(index);
    boolean ended = false;
    try {
      TortureItem item =
          switch (random.nextInt(7)) {
            case 0 -> channel.tryReceive();
            case 1 -> channel.tryReceive(soon());
            case 2 -> {
              intent = TortureIntent.endless("receive with a context", index, false);
              yield channel.receive(context);
            }
            case 3 -> {
              intent = TortureIntent.endless("receive with a context", index, false);
              TortureItem next = channel.receiveOrNull(context);
              ended = next == null;
              yield next;
            }
            case 4 -> {
              intent = TortureIntent.endless("receive", index, false);
              TortureItem next = channel.receiveOrNull();
              ended = next == null;
              yield next;
            }
            default -> {
              intent = TortureIntent.endless("receive", index, false);
              yield channel.receive();
            }
          };
      if (item != null) {
        take(item, index);
      }
    } catch (ChannelClosedException e) {
      ended = true;
    }
    if (ended) {
      checkEnded(index);
    }
  }

  private void take(TortureItem item, int index) {
    assertThat(item.channel()).as("the channel that the element came from").isEqualTo(index);
    ledger.received.add(item);
  }

  private void checkEnded(int index) {
    Channel<TortureItem> channel = channels.get(index);
    assertThat(channel.isClosed()).as("a receive reported an open channel as closed").isTrue();
    assertThat(channel.size()).as("elements left on a channel whose end was reported").isZero();
  }

  private void look(int index) {
    Channel<TortureItem> channel = channels.get(index);
    assertThat(channel.size()).isBetween(0, channel.capacity());
    assertThat(channel.waitingSenders()).isBetween(0, BELIEVABLE);
    assertThat(channel.waitingReceivers()).isBetween(0, BELIEVABLE);
    assertThat(channel.toString()).isNotEmpty();
    if (random.nextInt(1000) < closePerMille) {
      channel.close();
    }
  }

  /** Builds a select of random clauses, and takes some turns with it. */
  private void select() throws InterruptedException {
    int clauses = 1 + random.nextInt(5);
    var offered = new @Nullable TortureItem[clauses];
    var enabled = new boolean[clauses];
    var kept = new CancellableContext[] {context};
    List<TortureIntent.Place> places = new ArrayList<>();
    int[] handled = {0};
    int[] chosen = {-1};
    var select = new Select<@Nullable Void>();
    for (int i = 0; i < clauses; i++) {
      int clause = i;
      int index = random.nextInt(channels.size());
      Channel<TortureItem> channel = channels.get(index);
      boolean sends = random.nextInt(100) < sendPercent;
      places.add(new TortureIntent.Place(index, sends));
      if (sends) {
        select.onSendFrom(
            channel,
            () -> {
              TortureItem item = next(index);
              offered[clause] = item;
              return item;
            },
            () -> choose(chosen, handled, clause));
      } else {
        Select.Handler<TortureItem, @Nullable Void> handler =
            item -> {
              take(item, index);
              return choose(chosen, handled, clause);
            };
        if (random.nextBoolean()) {
          select.onReceive(channel, handler);
        } else {
          select.onReceive(
              channel,
              handler,
              () -> {
                checkEnded(index);
                return choose(chosen, handled, clause);
              });
        }
      }
      select.when(() -> enabled[clause]);
    }
    Ends ends = Ends.NEVER;
    boolean obeys = random.nextInt(3) == 0;
    if (obeys) {
      select.onDone(kept[0], () -> choose(chosen, handled, -1));
    }
    int how = random.nextInt(6);
    if (how < 2) {
      ends = Ends.BY_ITSELF;
      select.onTimeout(soon(), () -> choose(chosen, handled, -1));
    } else if (how == 2) {
      ends = Ends.BY_ITSELF;
      select.onDefault(() -> choose(chosen, handled, -1));
    }
    if (random.nextInt(4) == 0) {
      select.biased();
    }
    int turns = 1 + random.nextInt(6);
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < clauses; i++) {
        enabled[i] = random.nextInt(8) != 0;
      }
      enabled[random.nextInt(clauses)] = true;
      Arrays.fill(offered, null);
      chosen[0] = -1;
      handled[0] = 0;
      List<TortureIntent.Place> taking = new ArrayList<>();
      for (int i = 0; i < clauses; i++) {
        if (enabled[i]) {
          taking.add(places.get(i));
        }
      }
      intent = new TortureIntent("select", ends, taking);
      boolean closed = false;
      boolean failed = true;
      try {
        select.select();
        failed = false;
      } catch (ChannelClosedException e) {
        closed = true;
        assertThat(taking.stream().anyMatch(place -> channels.get(place.channel()).isClosed()))
            .as("a select reported an open channel as closed")
            .isTrue();
      } finally {
        for (int i = 0; i < clauses; i++) {
          TortureItem item = offered[i];
          if (item != null) {
            (chosen[0] == i ? ledger.sent : ledger.unsent).add(item);
          }
        }
      }
      if (!failed || closed) {
        assertThat(handled[0]).as("handlers run in one turn").isEqualTo(closed ? 0 : 1);
      }
      if (obeys && kept[0].isCancelled()) {
        return; // the clause is ready from now on
      }
    }
  }

  private static @Nullable Void choose(int[] chosen, int[] handled, int clause) {
    chosen[0] = clause;
    handled[0]++;
    return null;
  }
}
