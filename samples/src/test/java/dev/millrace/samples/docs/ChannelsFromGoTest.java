package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.channel.SendChannel;
import dev.millrace.context.Context;
import dev.millrace.sync.Mailbox;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The channel and select snippets of the guide for Go programmers, run. */
@Timeout(30)
class ChannelsFromGoTest {

  @Test
  void channels() throws Exception {
    List<String> got = new ArrayList<>();
    // doc:begin
    Channel<String> channel = Channel.buffered(2); // make(chan string, 2)
    SendChannel<String> out = channel; //             chan<- string
    ReceiveChannel<String> in = channel; //           <-chan string

    out.send("a"); //                                 out <- "a"
    out.send("b");
    boolean taken = out.trySend("c"); //              select { case out <- "c": … default: … }
    out.close(); //                                   close(out)

    String first = in.receive(); //                   <-in
    for (String element; (element = in.receiveOrNull()) != null; ) { // for element := range in
      got.add(element);
    }
    // doc:end
    assertThat(taken).isFalse();
    assertThat(first).isEqualTo("a");
    assertThat(got).containsExactly("b");
    assertThatThrownBy(() -> out.send("late")).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(in::receive).isInstanceOf(ChannelClosedException.class);
    assertThat(in.size()).isZero();
    assertThat(in.capacity()).isEqualTo(2);
  }

  @Test
  void select() throws Exception {
    Channel<Integer> orders = Channel.buffered(1);
    Channel<String> log = Channel.buffered(1);
    List<String> seen = new ArrayList<>();
    try (var context = Context.background().withCancel()) {
      boolean[] paused = {false};
      // doc:begin
      var select =
          new Select<Boolean>()
              .onReceive(orders, order -> seen.add("order " + order), () -> false)
              .when(() -> !paused[0]) // a nil channel, in Go
              .onSend(log, "alive", () -> seen.add("logged"))
              .onDone(context, () -> false)
              .onTimeout(Duration.ofMillis(50), () -> false);
      while (select.select()) {} // for { select { … } }, without garbage
      // doc:end
      assertThat(seen).containsExactly("logged");
    }
  }

  @Test
  void selectPrefersNobodyUnlessToldTo() throws Exception {
    Channel<Integer> a = Channel.buffered(100);
    Channel<Integer> b = Channel.buffered(100);
    for (int i = 0; i < 100; i++) {
      a.send(i);
      b.send(i);
    }
    int[] counts = new int[2];
    // doc:begin
    var fair = new Select<Integer>().onReceive(a, x -> 0).onReceive(b, x -> 1);
    var biased = new Select<Integer>().onReceive(a, x -> 0).onReceive(b, x -> 1).biased();
    // doc:end
    for (int i = 0; i < 50; i++) {
      counts[fair.select()]++;
    }
    assertThat(counts[0]).isBetween(5, 45);
    counts[0] = 0;
    for (int i = 0; i < 20; i++) {
      counts[biased.select()]++;
    }
    assertThat(counts[0]).isEqualTo(20);
  }

  @Test
  void tokenRing() throws Exception {
    List<Integer> turns = new ArrayList<>();
    // doc:begin
    try (var group = TaskGroup.open(Context.background())) {
      Channel<Integer> first = Channel.rendezvous();
      Channel<Integer> in = first;
      for (int i = 0; i < 4; i++) {
        int station = i;
        Channel<Integer> from = in;
        Channel<Integer> to = Channel.rendezvous();
        group.fork(
            () -> {
              for (int token : from) { // until from is closed
                turns.add(station); //     only the holder of the token runs
                to.send(token + 1);
              }
              to.close(); //               close goes round as the broadcast "no more"
              return null;
            });
        in = to;
      }
      for (int round = 0; round < 3; round++) {
        first.send(round, group.context()); // a station that fails cancels the group
        in.receive(group.context());
      }
      first.close();
      group.join();
    }
    // doc:end
    assertThat(turns).containsExactly(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
  }

  @Test
  void closeIsABroadcast() throws Exception {
    var told = new AtomicInteger();
    // doc:begin
    Channel<Void> stop = Channel.rendezvous();
    try (var group = TaskGroup.open(Context.background())) {
      for (int i = 0; i < 100; i++) {
        group.fork(
            () -> {
              stop.receiveOrNull(); // waits until stop is closed
              return told.incrementAndGet();
            });
      }
      stop.close();
      group.join();
    }
    // doc:end
    assertThat(told).hasValue(100);
  }

  @Test
  void overflow() throws Exception {
    // doc:begin
    Channel<String> wait = Channel.buffered(100); //     full: senders wait (back pressure)
    Channel<String> newest = Channel.dropNewest(100); // full: what is sent is dropped, counted
    Channel<String> oldest = Channel.dropOldest(100); // full: the oldest is dropped, counted
    Channel<String> latest = Channel.conflated(); //     keeps the latest only
    Channel<String> all = Channel.unlimited(); //        never full: may exhaust the heap
    // doc:end
    for (int i = 0; i < 101; i++) {
      newest.send("n" + i);
      oldest.send("o" + i);
      latest.send("l" + i);
      all.send("a" + i);
    }
    assertThat(wait.trySend("w")).isTrue();
    assertThat(newest.dropped()).isEqualTo(1);
    assertThat(oldest.receive()).isEqualTo("o1");
    assertThat(latest.receive()).isEqualTo("l100");
    assertThat(all.size()).isEqualTo(101);
  }

  private static int published;

  @Test
  void happensBefore() throws Exception {
    // doc:begin
    Channel<Boolean> ready = Channel.rendezvous();
    Thread.ofVirtual()
        .start(
            () -> {
              published = 42; //  a plain write
              ready.close(); //   happens before the receive that reports it; so does a send
            });
    ready.receiveOrNull();
    int seen = published; //      42, always
    // doc:end
    assertThat(seen).isEqualTo(42);
  }

  // doc:begin
  sealed interface Message {
    record Deposit(long cents) implements Message {}

    record Balance(SendChannel<Long> reply) implements Message {}
  }

  /** Its state needs no lock: one thread handles all messages. */
  static final class Account {
    private long cents;

    void handle(Message message) throws InterruptedException {
      switch (message) {
        case Message.Deposit(long more) -> cents += more;
        case Message.Balance(SendChannel<Long> reply) -> reply.send(cents);
      }
    }
  }

  // doc:end

  @Test
  void mailbox() throws Exception {
    Context context = Context.background();
    // doc:begin
    try (var account = Mailbox.<Message>open(context, 16, new Account()::handle)) {
      account.tell(new Message.Deposit(100), context); // waits while 16 messages wait
      account.tell(new Message.Deposit(50), context);
      long cents = account.ask(Message.Balance::new, context);
      assertThat(cents).isEqualTo(150);
    } // handles the rest
    // doc:end
  }
}
