package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.SendChannel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One thread handles the messages of many, in order, until its end, which nobody misses. */
@Timeout(60)
class MailboxTest {

  private final Threads threads = new Threads();
  private final CountDownLatch handling = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<Object> handled = new CopyOnWriteArrayList<>();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private record Add(int n) {}

  private record Sum(SendChannel<Integer> reply) {}

  /** State without a lock: a lost update would show. */
  private static final class Adder {
    private int sum;

    void handle(Object message) throws InterruptedException {
      switch (message) {
        case Add(int n) -> sum += n;
        case Sum(SendChannel<Integer> reply) -> reply.send(sum);
        default -> throw new IllegalArgumentException(message.toString());
      }
    }
  }

  private void handleSlowly(Object message) throws InterruptedException {
    handling.countDown();
    go.await();
    handled.add(message);
  }

  @Test
  void messagesOfManyThreadsAreHandledOneAfterTheOther() throws Exception {
    try (var mailbox = Mailbox.<Object>open(Context.background(), 4, new Adder()::handle)) {
      List<Threads.Running<Boolean>> running = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        running.add(
            threads.start(
                () -> {
                  for (int i = 0; i < 1_000; i++) {
                    mailbox.tell(new Add(1), Context.background());
                  }
                  return true;
                }));
      }
      for (var one : running) {
        assertThat(one.get()).isTrue();
      }
      int sum = mailbox.ask(Sum::new, Context.background());
      assertThat(sum).isEqualTo(8_000);
    }
  }

  @Test
  void closeHandlesWhatIsThereAndRefusesTheRest() throws Exception {
    var mailbox = Mailbox.<Object>open(Context.background(), 10, this::handleSlowly);
    for (int i = 0; i < 5; i++) {
      mailbox.tell(i, Context.background());
    }
    handling.await();
    var closing =
        threads.start(
            () -> {
              mailbox.close();
              return true;
            });
    await().until(() -> !mailbox.tryTell(9) && mailbox.size() == 4);
    go.countDown();
    assertThat(closing.get()).isTrue();
    assertThat(handled).containsExactly(0, 1, 2, 3, 4);
    assertThatThrownBy(() -> mailbox.tell(5, Context.background()))
        .isInstanceOf(ChannelClosedException.class);
  }

  @Test
  void fullMailboxLetsTheCallerWaitUntilItsContextEnds() throws Exception {
    try (var mailbox = Mailbox.<Object>open(Context.background(), 1, this::handleSlowly)) {
      mailbox.tell(0, Context.background());
      handling.await();
      mailbox.tell(1, Context.background());
      assertThat(mailbox.tryTell(2)).isFalse();
      try (var context = Context.background().withTimeout(Duration.ofMillis(10))) {
        assertThatThrownBy(() -> mailbox.tell(3, context))
            .isInstanceOf(CancellationException.class);
      }
      go.countDown();
    }
    assertThat(handled).containsExactly(0, 1);
  }

  @Test
  void failureOfTheHandlerEndsTheMailboxAndFreesTheCallers() throws Exception {
    var failure = new IOException("account is closed");
    var mailbox =
        Mailbox.<Object>open(
            Context.background(),
            10,
            message -> {
              handling.countDown();
              go.await();
              throw failure;
            });
    var asking = threads.start(() -> mailbox.<Integer>ask(Sum::new, Context.background()));
    handling.await();
    var second = threads.start(() -> mailbox.<Integer>ask(Sum::new, Context.background()));
    await().until(() -> mailbox.size() == 1);
    go.countDown();
    assertThatThrownBy(asking::get)
        .cause()
        .isInstanceOf(ChannelClosedException.class)
        .hasCause(failure);
    assertThatThrownBy(second::get).cause().hasCause(failure);
    assertThatThrownBy(() -> mailbox.tell(1, Context.background())).hasCause(failure);
    assertThat(mailbox.failure()).isSameAs(failure);
    mailbox.close();
  }

  @Test
  void cancelledContextInterruptsTheHandlerAndFreesTheCallers() throws Exception {
    var cause = new IOException("shutting down");
    try (var context = Context.background().withCancel()) {
      var mailbox = Mailbox.<Object>open(context, 10, this::handleSlowly);
      var asking = threads.start(() -> mailbox.<Integer>ask(Sum::new, Context.background()));
      handling.await();
      mailbox.tell("never handled", Context.background());
      context.cancel(cause);
      assertThatThrownBy(asking::get).cause().hasCause(cause);
      mailbox.close();
      assertThat(handled).isEmpty();
      assertThat(mailbox.failure()).isNull();
    }
  }

  @Test
  void askerGivesUpWithItsOwnContext() throws Exception {
    try (var mailbox = Mailbox.<Object>open(Context.background(), 1, this::handleSlowly);
        var context = Context.background().withTimeout(Duration.ofMillis(10))) {
      assertThatThrownBy(() -> mailbox.<Integer>ask(Sum::new, context))
          .isInstanceOf(CancellationException.class);
      go.countDown();
    }
    assertThat(handled).hasSizeLessThanOrEqualTo(1); // it may have given up before the send
  }

  @Test
  void secondReplyNeitherBlocksTheHandlerNorIsSeen() throws Exception {
    try (var mailbox =
        Mailbox.<Sum>open(
            Context.background(),
            1,
            message -> {
              message.reply().send(1);
              message.reply().send(2);
              message.reply().send(3);
            })) {
      int first = mailbox.ask(Sum::new, Context.background());
      int second = mailbox.ask(Sum::new, Context.background());
      assertThat(List.of(first, second)).containsExactly(1, 1);
    }
  }

  @Test
  void handlerMayRefuseToReplyWithACause() throws Exception {
    var refusal = new IOException("no such account");
    try (var mailbox =
        Mailbox.<Sum>open(Context.background(), 1, message -> message.reply().close(refusal))) {
      assertThatThrownBy(() -> mailbox.<Integer>ask(Sum::new, Context.background()))
          .isInstanceOf(ChannelClosedException.class)
          .hasCause(refusal);
    }
  }

  @Test
  void handlerNeverWaitsForItself() throws Exception {
    var self = new AtomicReference<Mailbox<Object>>();
    var mailbox =
        Mailbox.<Object>open(
            Context.background(),
            1,
            message -> {
              go.await();
              try {
                self.get().tell("one", Context.background());
                self.get().tell("two", Context.background());
              } catch (IllegalStateException e) {
                handled.add(e.getMessage());
              }
              try {
                var _ = self.get().<Integer>ask(Sum::new, Context.background());
              } catch (IllegalStateException e) {
                handled.add(e.getMessage());
              }
              self.get().close();
            });
    self.set(mailbox);
    mailbox.tell("start", Context.background());
    go.countDown();
    await().until(() -> handled.size() >= 2);
    mailbox.close();
    assertThat(handled.get(0).toString()).contains("tryTell");
    assertThat(handled.get(1).toString()).contains("ask");
  }

  @Test
  void handlerRunsInAChildOfTheContext() throws Exception {
    Context.Key<String> key = Context.Key.of("tenant");
    var context = Context.background().withValue(key, "acme");
    try (var mailbox =
        Mailbox.<Object>open(context, 1, message -> handled.add(Context.current().value(key)))) {
      mailbox.tell(1, Context.background());
    }
    assertThat(handled).containsExactly("acme");
  }
}
