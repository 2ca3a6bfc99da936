package dev.millrace.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Threads;
import dev.millrace.errors.Backoff;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an append has returned for is on the disk; what it has failed for is not in the file. */
@Timeout(60)
class DurableFileTest {

  @TempDir Path directory;

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** In memory; says what is forced, and fails by plan. */
  private static final class FakeDisk implements Disk {
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    final CountDownLatch forcing = new CountDownLatch(1);
    final CountDownLatch go = new CountDownLatch(1);
    volatile int forced; // bytes
    volatile @Nullable IOException writeFailure;
    volatile @Nullable IOException forceFailure;
    volatile boolean slow;
    volatile boolean closed;

    @Override
    public long size() {
      return written.size();
    }

    @Override
    public void append(ByteBuffer[] bytes) throws IOException {
      for (ByteBuffer buffer : bytes) {
        byte[] array = new byte[buffer.remaining()];
        buffer.get(array);
        IOException failure = writeFailure;
        if (failure != null) {
          written.write(array, 0, array.length / 2); // torn
          throw failure;
        }
        written.writeBytes(array);
      }
    }

    @Override
    public void force() throws IOException {
      forcing.countDown();
      if (slow) {
        try {
          go.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      IOException failure = forceFailure;
      if (failure != null) {
        throw failure;
      }
      forced = written.size();
    }

    @Override
    public void truncate(long size) {
      byte[] kept = Arrays.copyOf(written.toByteArray(), (int) size);
      written.reset();
      written.writeBytes(kept);
    }

    @Override
    public void close() {
      closed = true;
    }

    String text() {
      return written.toString(StandardCharsets.UTF_8);
    }
  }

  private static ByteBuffer utf8(String text) {
    return StandardCharsets.UTF_8.encode(text);
  }

  @Test
  void appendsAreInTheFileInOrderAndAtTheirOffsets() throws Exception {
    Path path = directory.resolve("journal");
    Files.writeString(path, "old\n");
    ByteBuffer record = utf8("two\n");
    try (var file = DurableFile.open(path)) {
      assertThat(file.append(utf8("one\n"))).isEqualTo(4);
      assertThat(file.append(record)).isEqualTo(8);
      assertThat(file.append(List.of(utf8("three\n"), utf8("four\n")))).isEqualTo(12);
      assertThat(file.size()).isEqualTo(23);
      assertThat(file.forces()).isEqualTo(3);
      assertThat(file.toString()).contains("23 bytes");
    }
    assertThat(record.remaining()).isEqualTo(4); // not consumed
    assertThat(path).hasContent("old\none\ntwo\nthree\nfour\n");
  }

  @Test
  void appendReturnsOnlyWhenItIsForced() throws Exception {
    var disk = new FakeDisk();
    disk.slow = true;
    try (var file = DurableFile.open(disk, "fake")) {
      var append = threads.start(() -> file.append(utf8("one")));
      disk.forcing.await();
      assertThat(disk.text()).isEqualTo("one");
      assertThat(append.result().isDone()).isFalse();
      assertThat(file.size()).isZero();
      disk.go.countDown();
      assertThat(append.get()).isZero();
      assertThat(disk.forced).isEqualTo(3);
    }
    assertThat(disk.closed).isTrue();
  }

  @Test
  void appendsThatWaitShareOneForce() throws Exception {
    var disk = new FakeDisk();
    disk.slow = true;
    try (var file = DurableFile.open(disk, "fake")) {
      List<Threads.Running<Long>> appends = new ArrayList<>();
      appends.add(threads.start(() -> file.append(utf8("0"))));
      disk.forcing.await();
      for (int i = 1; i <= 50; i++) {
        appends.add(threads.start(() -> file.append(utf8("x"))));
      }
      await()
          .until(
              () ->
                  appends.stream()
                      .skip(1)
                      .allMatch(one -> one.thread().getState() == Thread.State.WAITING));
      disk.go.countDown();
      for (var append : appends) {
        assertThat(append.get()).isNotNegative();
      }
      assertThat(file.forces()).isEqualTo(2);
      assertThat(file.size()).isEqualTo(51);
    }
  }

  @Test
  void failedWriteIsCutBackAndLaterAppendsSucceed() throws Exception {
    var disk = new FakeDisk();
    var full = new IOException("no space left");
    try (var file = DurableFile.open(disk, "fake")) {
      assertThat(file.append(utf8("good;"))).isZero();
      disk.writeFailure = full;
      assertThatThrownBy(() -> file.append(utf8("torn;")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no space left")
          .hasCause(full);
      disk.writeFailure = null;
      assertThat(file.append(utf8("again;"))).isEqualTo(5);
    }
    assertThat(disk.text()).isEqualTo("good;again;");
  }

  @Test
  void failedForceBreaksTheFileForGood() throws Exception {
    var disk = new FakeDisk();
    var lost = new IOException("I/O error");
    try (var file = DurableFile.open(disk, "fake")) {
      disk.forceFailure = lost;
      assertThatThrownBy(() -> file.append(utf8("one"))).hasRootCause(lost);
      disk.forceFailure = null; // the operating system reports it once
      assertThatThrownBy(() -> file.append(utf8("two")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("contents are unknown")
          .hasRootCause(lost);
      assertThat(file.size()).isZero();
      assertThat(disk.text()).isEqualTo("one");
    }
  }

  @Test
  void closeLetsWaitingAppendsFinishAndRefusesLaterOnes() throws Exception {
    var disk = new FakeDisk();
    disk.slow = true;
    var file = DurableFile.open(disk, "fake");
    var first = threads.start(() -> file.append(utf8("1")));
    disk.forcing.await();
    var second = threads.start(() -> file.append(utf8("2")));
    await().until(() -> second.thread().getState() == Thread.State.WAITING);
    var close =
        threads.start(
            () -> {
              file.close();
              return true;
            });
    await()
        .until(
            () -> {
              try {
                return file.append(utf8("3")) < 0;
              } catch (IllegalStateException e) {
                return true;
              }
            });
    disk.go.countDown();
    assertThat(first.get()).isZero();
    assertThat(second.get()).isEqualTo(1);
    assertThat(close.get()).isTrue();
    assertThat(disk.text()).isEqualTo("12");
    file.close();
  }

  @Test
  void interruptOfACallerHarmsNobodyElse() throws Exception {
    Path path = directory.resolve("journal");
    try (var file = DurableFile.open(path)) {
      var interrupted =
          threads.start(
              () -> {
                Thread.currentThread().interrupt();
                return file.append(utf8("maybe;"));
              });
      assertThatThrownBy(interrupted::get).hasCauseInstanceOf(InterruptedException.class);
      assertThat(file.append(utf8("sure;"))).isNotNegative();
    }
    assertThat(Files.readString(path)).endsWith("sure;");
  }

  @Test
  void manyBuffersAndLargeOnesAreWrittenWhole() throws Exception {
    Path path = directory.resolve("journal");
    List<ByteBuffer> many = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) { // more than one call to the system may take
      many.add(utf8("record " + i + "\n"));
    }
    try (var file = DurableFile.open(path)) {
      assertThat(file.append(many)).isZero();
      assertThat(file.append(ByteBuffer.allocate(9 << 20))).isEqualTo(Files.size(path) - (9 << 20));
    }
    assertThat(Files.size(path)).isGreaterThan(9 << 20);
    try (Stream<String> lines = Files.lines(path, StandardCharsets.ISO_8859_1)) {
      assertThat(lines.limit(5_000).toList().getLast()).isEqualTo("record 4999");
    }
  }

  @Test
  void secondUserOfTheFileIsRefused() throws Exception {
    Path path = directory.resolve("journal");
    var file = DurableFile.open(path);
    assertThatThrownBy(() -> DurableFile.open(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("in use");
    file.close();
    DurableFile.open(path).close(); // the lock is released
    assertThatThrownBy(() -> DurableFile.open(directory)).isInstanceOf(IOException.class);
  }

  /** Appends for ever; says which appends have returned. */
  public static final class Application {
    private Application() {}

    public static void main(String[] args) throws Exception {
      try (var file = DurableFile.open(Path.of(args[0]))) {
        var next = new AtomicInteger();
        for (int t = 0; t < 4; t++) {
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (true) {
                        int n = next.incrementAndGet();
                        var _ = file.append(utf8("record %08d\n".formatted(n)));
                        System.out.println(n);
                      }
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  });
        }
        Thread.sleep(60_000);
      }
    }
  }

  @Test
  void killedProcessHasLostNoAppendThatHasReturned() throws Exception {
    Path path = directory.resolve("journal");
    String classPath =
        Stream.of(Application.class, DurableFile.class, Backoff.class)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                classPath,
                Application.class.getName(),
                path.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<Integer> returned = new ArrayList<>();
    try (var output = process.inputReader()) {
      for (String line; (line = output.readLine()) != null; ) {
        returned.add(Integer.valueOf(line));
        if (returned.size() == 200) {
          process.destroyForcibly(); // SIGKILL
        }
      }
    } catch (IOException | NumberFormatException e) {
      // The last line may be cut.
    }
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    String content = Files.readString(path);
    assertThat(returned).hasSizeGreaterThanOrEqualTo(200);
    for (int n : returned) {
      assertThat(content).contains("record %08d\n".formatted(n));
    }
    try (var file = DurableFile.open(path)) { // the lock of the dead process is gone
      assertThat(file.size()).isEqualTo(Files.size(path));
    }
  }
}
