package dev.millrace.kafka.internal.handling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PresentTest {

  private final Present<String, String> present = new Present<>();

  private static List<Busy<String, String>> some(int number) throws InterruptedException {
    List<Busy<String, String>> all = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < number; i++) { // each has the number of its thread
      Thread.ofVirtual().start(() -> all.add(new Busy<>())).join();
    }
    return new ArrayList<>(all);
  }

  @Test
  void nobodyIsPresentAtFirst() {
    assertThat(present.all()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void thoseWhoWereAddedAndNotRemovedArePresent(long seed) throws InterruptedException {
    var random = new Random(seed);
    List<Busy<String, String>> out = some(300);
    List<Busy<String, String>> in = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      boolean adds = in.isEmpty() || (!out.isEmpty() && random.nextBoolean());
      List<Busy<String, String>> from = adds ? out : in;
      Busy<String, String> one = from.remove(random.nextInt(from.size()));
      if (adds) {
        present.add(one);
        in.add(one);
      } else {
        present.remove(one);
        out.add(one);
      }
      if (i % 50 == 0) {
        assertThat(present.all()).containsExactlyInAnyOrderElementsOf(in);
      }
    }
  }

  @Test
  void threadsThatComeAndGoAtTheSameTimeLeaveTheOthersPresent() throws InterruptedException {
    List<Busy<String, String>> sharing =
        some(1_000).stream().filter(one -> Present.list(one) == 0).toList();
    List<Busy<String, String>> staying = sharing.subList(4, sharing.size());
    staying.forEach(present::add);
    List<Thread> threads = new ArrayList<>();
    for (Busy<String, String> one : sharing.subList(0, 4)) {
      threads.add(Thread.ofPlatform().start(() -> comeAndGo(one)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(present.all()).containsExactlyInAnyOrderElementsOf(staying);
  }

  private void comeAndGo(Busy<String, String> one) {
    for (int i = 0; i < 2_000_000; i++) {
      present.add(one);
      present.remove(one);
    }
  }
}
