package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The operations of one torture worker. Other threads read it only after the end of the worker's
 * thread.
 */
final class TortureLedger {

  /** Elements whose send has returned normally. */
  final List<TortureItem> sent = new ArrayList<>();

  /** Elements whose send has failed, or was not chosen by a select. */
  final List<TortureItem> unsent = new ArrayList<>();

  /** Elements that were received, in the order in which they came. */
  final List<TortureItem> received = new ArrayList<>();

  /**
   * Checks that no element was lost and none came twice: the elements sent on a channel are the
   * elements received from it, except for the dropped ones.
   */
  static void checkConservation(List<TortureLedger> ledgers, List<Channel<TortureItem>> channels) {
    Set<TortureItem> sent = new HashSet<>();
    Set<TortureItem> received = new HashSet<>();
    for (var ledger : ledgers) {
      sent.addAll(ledger.sent);
      for (TortureItem item : ledger.received) {
        assertThat(received.add(item)).as("received twice: %s", item).isTrue();
      }
    }
    for (var ledger : ledgers) {
      for (TortureItem item : ledger.unsent) {
        assertThat(received.contains(item)).as("received, but not sent: %s", item).isFalse();
      }
    }
    assertThat(sent.containsAll(received)).as("all that was received was sent").isTrue();
    Set<TortureItem> missing = new HashSet<>(sent);
    missing.removeAll(received);
    for (int i = 0; i < channels.size(); i++) {
      int channel = i;
      List<TortureItem> gone = missing.stream().filter(item -> item.channel() == channel).toList();
      assertThat((long) gone.size())
          .as("sent on channel %d (%s), but not received: %s", i, channels.get(i), gone)
          .isEqualTo(channels.get(i).dropped());
    }
  }

  /**
   * Checks that this receiver got the elements of each sender on each channel in the order of
   * sending.
   */
  void checkOrder() {
    record Stream(int sender, int channel) {}
    Map<Stream, Integer> last = new HashMap<>();
    for (TortureItem item : received) {
      Integer before = last.put(new Stream(item.sender(), item.channel()), item.number());
      assertThat(before == null || before < item.number())
          .as("%s was received after number %s", item, before)
          .isTrue();
    }
  }
}
