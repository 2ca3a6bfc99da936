package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Producer;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A generator that is left, closed or cancelled stops its producer, and leaves no thread. */
@Timeout(60)
class GeneratorEndTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64})
  void breakingOutStopsTheProducer(int capacity) throws Exception {
    var counter = new Counter();
    try (Generator<Integer> generator = Generator.open(Context.background(), capacity, counter)) {
      for (int element : generator) {
        if (element == 10) {
          break;
        }
      }
    }
    counter.assertNoThreadIsLeft();
    assertThat(counter.sent.get()).isBetween(11, 12 + capacity);
    assertThat(counter.end.get())
        .isInstanceOfAny(InterruptedException.class, ChannelClosedException.class);
  }

  @Test
  void exceptionOfTheLoopBodyStopsTheProducer() throws Exception {
    var counter = new Counter();
    var failure = new IllegalStateException("in the loop");
    assertThatThrownBy(
            () -> {
              try (Generator<Integer> generator = Generator.open(Context.background(), counter)) {
                for (int element : generator) {
                  if (element == 3) {
                    throw failure;
                  }
                }
              }
            })
        .isSameAs(failure);
    counter.assertNoThreadIsLeft();
  }

  @Test
  void cancelledContextStopsTheProducerAndTellsTheReaders() throws Exception {
    var counter = new Counter();
    var cause = new IOException("stop");
    try (var context = Context.background().withCancel();
        Generator<Integer> generator = Generator.open(context, counter)) {
      generator.channel().receive();
      context.cancel(cause);
      await().until(counter.ended::get); // before the generator is closed
      assertThatThrownBy(
              () -> {
                while (true) {
                  generator.channel().receive();
                }
              })
          .isInstanceOf(ChannelClosedException.class)
          .hasCause(cause);
    }
    counter.assertNoThreadIsLeft();
  }

  @Test
  void truncatedProducerIsNotTakenForAnEndedOne() {
    Producer<Integer> quiet =
        out -> {
          try {
            while (true) {
              out.send(1);
            }
          } catch (InterruptedException | ChannelClosedException e) {
            // returns as if all elements had been sent
          }
        };
    Generator<Integer> left;
    try (Generator<Integer> generator = Generator.open(Context.background(), quiet)) {
      left = generator;
      assertThat(generator.iterator().next()).isEqualTo(1);
    }
    assertThatThrownBy(left.iterator()::hasNext)
        .isInstanceOf(ChannelClosedException.class)
        .hasCauseInstanceOf(CancellationException.class)
        .hasRootCauseMessage("the generator was closed");
  }

  @Test
  void readersOfAClosedGeneratorAreTold() throws Exception {
    Producer<Integer> silent = out -> new CountDownLatch(1).await();
    Generator<Integer> generator = Generator.open(Context.background(), silent);
    var reader = threads.start(() -> generator.channel().receive());
    await().until(() -> generator.channel().waitingReceivers() == 1);
    var closing =
        threads.start(
            () -> {
              generator.close();
              generator.close();
              return true;
            });
    assertThat(closing.get()).isTrue();
    assertThatThrownBy(reader::get).cause().isInstanceOf(ChannelClosedException.class);
  }

  @Test
  void producerThatIgnoresInterruptsEndsAtItsNextSend() throws Exception {
    var ignored = new AtomicInteger();
    var working = new CountDownLatch(1);
    Producer<Integer> stubborn =
        out -> {
          while (true) {
            working.countDown();
            try {
              out.send(1);
            } catch (InterruptedException e) {
              ignored.incrementAndGet();
            }
          }
        };
    Generator<Integer> generator = Generator.open(Context.background(), stubborn);
    working.await();
    generator.close();
    assertThat(ignored).hasValueLessThan(2);
    assertThat(generator.toString()).contains("ended");
  }

  @Test
  void closeWaitsForTheProducersCleanupAndKeepsTheInterrupt() throws Exception {
    var started = new CountDownLatch(1);
    var release = new AtomicBoolean();
    var cleaned = new AtomicBoolean();
    Producer<Integer> slow =
        out -> {
          try {
            started.countDown();
            out.send(1);
          } finally {
            while (!release.get()) {
              Thread.yield();
            }
            cleaned.set(true);
          }
        };
    Generator<Integer> generator = Generator.open(Context.background(), slow);
    started.await();
    var closing =
        threads.start(
            () -> {
              generator.close();
              return cleaned.get() && Thread.currentThread().isInterrupted();
            });
    await().until(() -> closing.thread().getState() == Thread.State.WAITING);
    closing.thread().interrupt();
    release.set(true);
    assertThat(closing.get()).isTrue();
  }

  @Test
  void producerOfACancelledContextReleasesWhatItWasGiven() {
    var closed = new AtomicBoolean();
    try (var context = Context.background().withCancel()) {
      context.cancel();
      Stream<Integer> stream = Stream.of(1, 2, 3).onClose(() -> closed.set(true));
      try (Generator<Integer> generator = Generator.open(context, Producer.from(stream))) {
        assertThatThrownBy(generator.iterator()::hasNext)
            .isInstanceOf(ChannelClosedException.class);
      }
    }
    assertThat(closed).isTrue();
  }

  @Test
  void generatorThatIsClosedAtOnceLeavesNoThread() throws Exception {
    for (int i = 0; i < 2000; i++) {
      var counter = new Counter();
      try (var context = Context.background().withCancel()) {
        Generator<Integer> generator = Generator.open(context, counter);
        if (i % 3 == 0) {
          context.cancel();
        }
        generator.close();
      }
      counter.assertNoThreadIsLeft();
    }
  }

  @Test
  void producerOfACancelledContextSendsNothing() throws Exception {
    try (var context = Context.background().withCancel()) {
      context.cancel();
      for (int i = 0; i < 1000; i++) {
        var counter = new Counter();
        Generator.open(context, 64, counter).close();
        assertThat(counter.sent).hasValue(0);
        assertThat(counter.end.get()).isInstanceOf(InterruptedException.class);
      }
    }
  }

  @Test
  void walkOfADirectoryIsClosedByALoopThatIsLeft(@TempDir Path root) throws Exception {
    for (int i = 0; i < 20; i++) {
      Files.createFile(Files.createDirectory(root.resolve("directory" + i)).resolve("file"));
    }
    var closed = new AtomicBoolean();
    try (Stream<Path> walk = Files.walk(root)) {
      Stream<Path> watched = walk.onClose(() -> closed.set(true));
      try (Generator<Path> paths = Generator.open(Context.background(), Producer.from(watched))) {
        for (Path path : paths) {
          if (path.endsWith("file")) {
            break;
          }
        }
      }
      assertThat(closed).isTrue();
    }
  }

  @Test
  void producerMayCloseItsGenerator() throws Exception {
    var itself = new AtomicReference<Generator<Integer>>();
    var known = new CountDownLatch(1);
    Producer<Integer> producer =
        out -> {
          known.await();
          Objects.requireNonNull(itself.get()).close();
        };
    try (Generator<Integer> generator = Generator.open(Context.background(), producer)) {
      itself.set(generator);
      known.countDown();
      assertThatThrownBy(generator.iterator()::hasNext)
          .hasCauseInstanceOf(CancellationException.class);
    }
  }

  @Test
  void producerMayCloseItsGeneratorInATask() throws Exception {
    var itself = new AtomicReference<Generator<Integer>>();
    var known = new CountDownLatch(1);
    Producer<Integer> producer =
        out -> {
          known.await();
          try (var group = TaskGroup.open(Context.background())) {
            group.fork(
                () -> {
                  Objects.requireNonNull(itself.get()).close();
                  return null;
                });
            group.join();
          }
        };
    try (Generator<Integer> generator = Generator.open(Context.background(), producer)) {
      itself.set(generator);
      known.countDown();
      assertThatThrownBy(generator.iterator()::hasNext)
          .hasCauseInstanceOf(CancellationException.class);
    }
  }
}
