package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.internal.report.Guarded;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An observer behind another one receives every event, whatever is added to the interfaces. */
class WrappedObserverTest {

  private final List<String> received = new ArrayList<>();

  private final InvocationHandler recorder =
      (proxy, method, arguments) -> {
        received.add(method.getName());
        return method.getReturnType() == PartitionObserver.class ? partition() : null;
      };

  private PartitionObserver partition() {
    return proxy(PartitionObserver.class);
  }

  private <T> T proxy(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, recorder));
  }

  private static List<Method> events(Class<?> type) {
    return Arrays.stream(type.getMethods()).filter(Method::isDefault).toList();
  }

  private static Object call(Method event, Object observer) throws Exception {
    Object[] arguments =
        Arrays.stream(event.getParameterTypes())
            .map(one -> one == long.class ? (Object) 0L : null)
            .toArray();
    return event.invoke(observer, arguments);
  }

  private void assertReceivesAll(ConsumerObserver wrapped) throws Exception {
    for (Method event : events(ConsumerObserver.class)) {
      if (event.getName().equals("and")) {
        continue;
      }
      received.clear();
      call(event, wrapped);
      assertThat(received).as(event.getName()).contains(event.getName());
    }
    PartitionObserver partition = wrapped.assigned("group", () -> null);
    for (Method event : events(PartitionObserver.class)) {
      received.clear();
      call(event, partition);
      assertThat(received).as(event.getName()).contains(event.getName());
    }
  }

  @Test
  void guardedObserver() throws Exception {
    assertReceivesAll(Guarded.observer(proxy(ConsumerObserver.class)));
  }

  @Test
  void firstOfTwo() throws Exception {
    assertReceivesAll(new BothObservers(proxy(ConsumerObserver.class), new ConsumerObserver() {}));
  }

  @Test
  void secondOfTwo() throws Exception {
    assertReceivesAll(new BothObservers(new ConsumerObserver() {}, proxy(ConsumerObserver.class)));
  }
}
