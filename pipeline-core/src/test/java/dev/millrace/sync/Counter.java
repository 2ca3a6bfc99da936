package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Producer;
import dev.millrace.channel.SendChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Counts for ever, and notes how it ends. */
final class Counter implements Producer<Integer> {

  final AtomicReference<Throwable> end = new AtomicReference<>();
  final AtomicBoolean ended = new AtomicBoolean();
  final AtomicInteger sent = new AtomicInteger();
  final AtomicReference<Thread> thread = new AtomicReference<>();

  @Override
  public void produce(SendChannel<? super Integer> out) throws Exception {
    thread.set(Thread.currentThread());
    try {
      for (int i = 0; ; i++) {
        out.send(i);
        sent.incrementAndGet();
      }
    } catch (Exception e) {
      end.set(e);
      throw e;
    } finally {
      ended.set(true);
    }
  }

  void assertNoThreadIsLeft() throws InterruptedException {
    assertThat(ended).isTrue();
    Thread producing = thread.get();
    assertThat(producing == null || producing.join(Duration.ofSeconds(50))).isTrue();
  }
}
