package dev.millrace.stages.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedQueueTest {

  private final SharedQueue queue = new SharedQueue(4);
  private final List<String> woken = new ArrayList<>();
  private final SharedQueue.Lane first = lane("first");
  private final SharedQueue.Lane second = lane("second");

  private SharedQueue.Lane lane(String name) {
    return new SharedQueue.Lane() {
      @Override
      protected void wake() {
        woken.add(name);
      }
    };
  }

  private void bothWait() {
    assertThat(queue.isCalled(first)).isFalse();
    assertThat(queue.isCalled(second)).isFalse();
  }

  @Test
  void oneLaneIsOnItsWayAndCallsTheNextOne() {
    bothWait();
    queue.put("a");
    queue.put("b");
    assertThat(woken).containsExactly("second");
    assertThat(queue.isCalled(second)).isTrue();
    assertThat(queue.claim(second)).isEqualTo("a");
    assertThat(woken).containsExactly("second", "first");
    assertThat(queue.claim(first)).isEqualTo("b");
    assertThat(queue.claim(second)).isNull();
  }

  @Test
  void laneThatLeavesPassesItsCallOn() {
    bothWait();
    queue.put("a");
    assertThat(woken).containsExactly("second");
    queue.withdraw(second);
    assertThat(woken).containsExactly("second", "first");
    assertThat(queue.claim(first)).isEqualTo("a");
  }

  @Test
  void laneThatLeavesWithoutACallIsNotCalled() {
    bothWait();
    queue.withdraw(second);
    queue.put("a");
    assertThat(woken).containsExactly("first");
  }

  @Test
  void laneThatTakesAnElementWithoutACallIsNotCalledMeanwhile() {
    assertThat(queue.isCalled(first)).isFalse();
    assertThat(queue.claim(first)).isNull(); // it looks by itself
    queue.put("a");
    assertThat(woken).isEmpty();
    assertThat(queue.isCalled(first)).isTrue();
    assertThat(woken).containsExactly("first");
    assertThat(queue.claim(first)).isEqualTo("a");
  }

  @Test
  void callThatFoundNothingIsNotTheLast() {
    bothWait();
    queue.put("a");
    assertThat(queue.claim(first)).isEqualTo("a"); // before the lane that was called
    assertThat(queue.claim(second)).isNull();
    bothWait();
    queue.put("b");
    assertThat(woken).containsExactly("second", "second");
  }

  @Test
  void producerIsWokenWhenAFullQueueIsHalfEmpty() {
    for (int i = 0; i < 4; i++) {
      assertThat(queue.hasRoom()).isTrue();
      queue.put(i);
    }
    assertThat(queue.hasRoom()).isFalse();
    assertThat(queue.claim(first)).isEqualTo(0);
    assertThat(queue.isToWakeProducer(first)).isFalse();
    assertThat(queue.isRoomy()).isFalse();
    assertThat(queue.claim(second)).isEqualTo(1);
    assertThat(queue.isToWakeProducer(second)).isTrue();
    assertThat(queue.isRoomy()).isTrue();
    assertThat(queue.hasRoom()).isTrue();
  }
}
