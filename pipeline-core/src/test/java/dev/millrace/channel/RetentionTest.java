package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Channels and selects do not keep the elements that have gone through them. */
class RetentionTest {

  private static void isLetGo(WeakReference<?> reference) {
    await()
        .until(
            () -> {
              System.gc();
              return reference.get() == null;
            });
  }

  /** Like the JDK's queues. The slots alone would take 4 to 12 MB. */
  @Test
  void unlimitedChannelThatIsEmptyKeepsNoSlots() throws Exception {
    List<Channel<Integer>> channels = new ArrayList<>();
    long before = Heap.used();
    for (int i = 0; i < 4; i++) {
      Channel<Integer> channel = Channel.unlimited();
      for (int j = 0; j < 1_000_000; j++) {
        channel.send(1);
      }
      for (int j = 0; j < 1_000_000; j++) {
        assertThat(channel.receive()).isEqualTo(1);
      }
      channels.add(channel);
    }
    await().until(() -> Heap.used() - before < 1_000_000);
    for (Channel<Integer> channel : channels) { // they still work
      for (int j = 0; j < 5000; j++) {
        channel.send(j);
      }
      for (int j = 0; j < 5000; j++) {
        assertThat(channel.receive()).isEqualTo(j);
      }
    }
  }

  @Test
  void selectKeepsNoElementOfASendThatLost() throws Exception {
    Channel<Object> full = Channel.rendezvous();
    Channel<Object> open = Channel.unlimited();
    var lost = new ArrayList<WeakReference<Object>>();
    var select =
        new Select<Boolean>()
            .onReceive(open, element -> true)
            .onSendFrom(
                full,
                () -> {
                  var element = new Object();
                  lost.add(new WeakReference<>(element));
                  return element;
                },
                () -> false);
    open.send("first");
    assertThat(select.select()).isTrue();
    try (var threads = new Threads()) {
      var waits = threads.start(select::select);
      await().until(() -> full.waitingSenders() == 1);
      open.send("second");
      assertThat(waits.get()).isTrue();
    }
    assertThat(lost).hasSize(2);
    lost.forEach(RetentionTest::isLetGo);
    assertThat(select.onDefault(() -> false).select()).isFalse();
  }

  @Test
  void selectKeepsNoElementThatItHasSentAfterAWait() throws Exception {
    Channel<Object> channel = Channel.rendezvous();
    var select = new Select<Boolean>();
    WeakReference<Object> sent;
    try (var threads = new Threads()) {
      var element = new Object[] {new Object()};
      sent = new WeakReference<>(element[0]);
      select.onSendFrom(channel, () -> element[0], () -> true);
      var waits = threads.start(select::select);
      await().until(() -> channel.waitingSenders() == 1);
      assertThat(channel.receive()).isSameAs(element[0]);
      assertThat(waits.get()).isTrue();
      element[0] = "";
    }
    isLetGo(sent);
    assertThat(select).isNotNull();
  }
}
