package dev.millrace.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One pass over a stream feeds all sinks, at the speed of the slowest, or ends for all. */
@Timeout(60)
class TeeTest {

  private final Threads threads = new Threads();
  private final AtomicLong read = new AtomicLong();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  /** Zeros without end, counted. */
  private final class Endless extends InputStream {
    @Override
    public int read() {
      read.incrementAndGet();
      return 0;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      read.addAndGet(length);
      return length;
    }
  }

  private static final class Failing extends OutputStream {
    private final IOException failure;

    Failing(IOException failure) {
      this.failure = failure;
    }

    @Override
    public void write(int b) throws IOException {
      throw failure;
    }
  }

  @Test
  void everySinkGetsEveryByteInOnePass() throws Exception {
    byte[] bytes = random(1_000_003);
    var one = new ByteArrayOutputStream();
    var two = new ByteArrayOutputStream();
    var three = new AtomicReference<byte[]>();
    var four = new ByteArrayOutputStream();
    long copied =
        Tee.from(new ByteArrayInputStream(bytes))
            .to(one)
            .to(two)
            .into(in -> three.set(in.readAllBytes()))
            .into(
                in -> { // byte by byte
                  for (int b; (b = in.read()) >= 0; ) {
                    four.write(b);
                  }
                })
            .copy(Context.background());
    assertThat(copied).isEqualTo(bytes.length);
    assertThat(one.toByteArray()).isEqualTo(bytes);
    assertThat(two.toByteArray()).isEqualTo(bytes);
    assertThat(three.get()).isEqualTo(bytes);
    assertThat(four.toByteArray()).isEqualTo(bytes);
  }

  @Test
  void emptySourceGivesEmptyStreams() throws Exception {
    var read = new AtomicReference<byte[]>();
    assertThat(
            Tee.from(InputStream.nullInputStream())
                .into(in -> read.set(in.readAllBytes()))
                .copy(Context.background()))
        .isZero();
    assertThat(read.get()).isEmpty();
  }

  @Test
  void slowestSinkSlowsTheSource() throws Exception {
    var go = new CountDownLatch(1);
    var fast = new AtomicLong();
    try (var context = Context.background().withCancel()) {
      var copy =
          threads.start(
              () ->
                  Tee.from(new Endless())
                      .into(
                          in -> {
                            while (in.read() >= 0) {
                              fast.incrementAndGet();
                            }
                          })
                      .into(in -> go.await())
                      .copy(context));
      await().until(() -> fast.get() > 0);
      await().during(Duration.ofMillis(100)).until(() -> read.get() <= 5L * 16 * 1024);
      context.cancel();
      assertThatThrownBy(copy::get).hasCauseInstanceOf(CancellationException.class);
    }
  }

  @Test
  void failureOfOneSinkEndsAllAndIsNamed() {
    var failure = new IOException("disk full");
    List<Throwable> seen = new CopyOnWriteArrayList<>();
    assertThatThrownBy(
            () ->
                Tee.from(new Endless())
                    .into(
                        in -> {
                          try {
                            while (in.read() >= 0) {
                              // until the other one fails
                            }
                            seen.add(new AssertionError("a part was taken for the whole"));
                          } catch (IOException e) {
                            seen.add(e);
                            throw e;
                          }
                        })
                    .to(new Failing(failure))
                    .copy(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("sink 2 of 2 failed")
        .hasCause(failure);
    assertThat(seen).singleElement().isInstanceOf(IOException.class);
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void failureOfTheSourceIsNotTheEndOfTheStream() {
    var failure = new IOException("connection reset");
    var source =
        new InputStream() {
          private int count;

          @Override
          public int read() throws IOException {
            if (count++ < 100_000) {
              return 1;
            }
            throw failure;
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            target[offset] = (byte) read();
            return 1;
          }
        };
    List<Throwable> seen = new CopyOnWriteArrayList<>();
    assertThatThrownBy(
            () ->
                Tee.from(source)
                    .into(
                        in -> {
                          try {
                            seen.add(new AssertionError(in.readAllBytes().length + " bytes"));
                          } catch (IOException e) {
                            seen.add(e);
                            throw e;
                          }
                        })
                    .copy(Context.background()))
        .hasMessageContaining("the source failed")
        .hasCause(failure);
    assertThat(seen).singleElement().isInstanceOf(IOException.class);
  }

  @Test
  void functionThatHasReadEnoughHoldsNobodyUp() throws Exception {
    byte[] bytes = random(500_000);
    var all = new ByteArrayOutputStream();
    var head = new AtomicReference<byte[]>();
    Tee.from(new ByteArrayInputStream(bytes))
        .into(in -> head.set(in.readNBytes(10)))
        .to(all)
        .copy(Context.background());
    assertThat(head.get()).isEqualTo(Arrays.copyOf(bytes, 10));
    assertThat(all.toByteArray()).isEqualTo(bytes);
  }

  @Test
  void silentSourceIsLeftWhenTheContextEnds() throws Exception {
    try (var silent = new PipedInputStream();
        var writer = new PipedOutputStream(silent);
        var context = Context.background().withTimeout(Duration.ofMillis(30))) {
      writer.write(1);
      var tee = Tee.from(silent).to(new ByteArrayOutputStream());
      assertThatThrownBy(() -> tee.copy(context)).isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void doneContextCopiesNothing() {
    try (var context = Context.background().withCancel()) {
      context.cancel();
      var tee = Tee.from(new Endless()).to(new ByteArrayOutputStream());
      assertThatThrownBy(() -> tee.copy(context)).isInstanceOf(CancellationException.class);
      assertThatThrownBy(() -> tee.copy(Context.background()))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closedStreamOfASinkIsRefused() throws Exception {
    List<Throwable> seen = new CopyOnWriteArrayList<>();
    Tee.from(new ByteArrayInputStream(random(10)))
        .into(
            in -> {
              in.close();
              try {
                seen.add(new AssertionError(in.read()));
              } catch (IOException e) {
                seen.add(e);
              }
            })
        .copy(Context.background());
    assertThat(seen).singleElement().isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Tee.from(new Endless()).copy(Context.background()))
        .isInstanceOf(IllegalStateException.class);
  }
}
