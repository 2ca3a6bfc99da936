package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Sources that hold a resource until their run ends. */
@Timeout(60)
class SourceResourcesTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private static <T> List<T> read(Source<T> source) throws Exception {
    List<T> elements = new ArrayList<>();
    try (Source.Cursor<T> cursor = source.open(Context.background())) {
      for (T element; (element = cursor.next()) != null; ) {
        elements.add(element);
      }
      assertThat(cursor.next()).as("after the end").isNull();
    }
    return elements;
  }

  /** The elements of a resource are wrapped, which costs several times a hand-over. */
  @Test
  void onlyASourceWithSomethingToCloseIsAResource() throws Exception {
    Iterable<Integer> plain = () -> List.of(1).iterator();
    List<Source<Integer>> without =
        List.of(
            Source.of(List.of(1)),
            Source.of(plain),
            Source.iterator(() -> List.of(1).iterator()),
            Source.generate(() -> 1),
            Source.channel(Channel.rendezvous()),
            Sources.defer(() -> Source.of(plain)));
    for (Source<Integer> source : without) {
      try (Source.Cursor<Integer> cursor = source.open(Context.background())) {
        assertThat(Resources.closes(cursor)).isFalse();
      }
    }
    try (var cursor = Source.stream(() -> Stream.of(1)).open(Context.background())) {
      assertThat(Resources.closes(cursor)).isTrue();
    }
  }

  // Iterators

  private static final class Closeable implements Iterator<Integer>, AutoCloseable {
    private final Iterator<Integer> numbers = List.of(1, 2, 3).iterator();
    boolean closed;

    @Override
    public boolean hasNext() {
      return numbers.hasNext();
    }

    @Override
    public Integer next() {
      return numbers.next();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void iteratorIsMadeAndClosedByEachRun() throws Exception {
    List<Closeable> made = new ArrayList<>();
    Source<Integer> source =
        Source.iterator(
            () -> {
              made.add(new Closeable());
              return made.getLast();
            });
    assertThat(read(source)).containsExactly(1, 2, 3);
    try (Source.Cursor<Integer> cursor = source.open(Context.background())) {
      assertThat(cursor.next()).isEqualTo(1);
      assertThat(made.getLast().closed).isFalse();
    }
    assertThat(made).hasSize(2).allMatch(iterator -> iterator.closed);
  }

  @Test
  void iteratorNeedNotBeCloseable() throws Exception {
    assertThat(read(Source.<Integer>iterator(() -> List.of(1).iterator()))).containsExactly(1);
  }

  @Test
  void ioFailureOfAStreamIsThrownAsItself() {
    var boom = new IOException("boom");
    Source<Integer> source =
        Source.stream(
            () ->
                Stream.of(1)
                    .peek(
                        i -> {
                          throw new UncheckedIOException(boom);
                        }));
    assertThatThrownBy(() -> read(source)).isSameAs(boom);
  }

  // Publishers

  /** A publisher and its subscription, driven by the test. */
  private static final class Probe implements Flow.Publisher<Integer>, Flow.Subscription {
    final AtomicLong requested = new AtomicLong();
    final AtomicInteger cancelled = new AtomicInteger();
    Flow.@Nullable Subscriber<? super Integer> subscriber;

    @Override
    public void subscribe(Flow.Subscriber<? super Integer> subscriber) {
      this.subscriber = subscriber;
      subscriber.onSubscribe(this);
    }

    Flow.Subscriber<? super Integer> subscriber() {
      return java.util.Objects.requireNonNull(subscriber);
    }

    @Override
    public void request(long count) {
      requested.addAndGet(count);
    }

    @Override
    public void cancel() {
      cancelled.incrementAndGet();
    }
  }

  @Test
  void publishersElementsArriveInOrder() throws Exception {
    try (var publisher = new SubmissionPublisher<Integer>()) {
      threads.start(
          () -> {
            await().until(publisher::hasSubscribers);
            for (int i = 0; i < 10_000; i++) {
              publisher.submit(i);
            }
            publisher.close();
            return true;
          });
      List<Integer> read = read(Source.publisher(publisher, 16));
      assertThat(read).hasSize(10_000).isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void neverMoreThanThePrefetchIsRequestedAndNotUsed() throws Exception {
    var probe = new Probe();
    try (Source.Cursor<Integer> cursor = Source.publisher(probe, 4).open(Context.background())) {
      assertThat(probe.requested).hasValue(4);
      for (int i = 0; i < 100; i++) {
        probe.subscriber().onNext(i);
        assertThat(cursor.next()).isEqualTo(i);
        assertThat(probe.requested.get()).isBetween(i + 2L, i + 4L);
      }
    }
    assertThat(probe.cancelled).as("by the early end").hasValue(1);
  }

  @Test
  void failureOfThePublisherComesBehindItsElements() throws Exception {
    var probe = new Probe();
    var boom = new IOException("boom");
    try (Source.Cursor<Integer> cursor = Source.publisher(probe, 4).open(Context.background())) {
      probe.subscriber().onNext(1);
      probe.subscriber().onError(boom);
      assertThat(cursor.next()).isEqualTo(1);
      assertThatThrownBy(cursor::next).isSameAs(boom);
    }
    assertThat(probe.cancelled).as("it has ended").hasValue(0);
  }

  @Test
  void interruptEndsTheWaitForAPublisherAndCloseCancelsIt() throws Exception {
    var probe = new Probe();
    var opened = new CountDownLatch(1);
    var running =
        threads.start(
            () -> {
              try (Source.Cursor<Integer> cursor =
                  Source.publisher(probe, 1).open(Context.background())) {
                opened.countDown();
                return String.valueOf(cursor.next());
              }
            });
    opened.await();
    running.thread().interrupt();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(probe.cancelled).hasValue(1);
    probe.subscriber().onNext(1); // must have no effect
  }

  @Test
  void publisherThatThrowsWhenSubscribedToFailsTheOpening() {
    Flow.Publisher<Integer> broken =
        subscriber -> {
          throw new IllegalStateException("no more");
        };
    assertThatThrownBy(() -> Source.publisher(broken, 1).open(Context.background()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Source.publisher(broken, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("prefetch must be at least 1, but is 0");
  }

  // Lines

  @Test
  void linesOfAnInputAreReadInItsCharsetAndItIsClosed() throws Exception {
    var closed = new AtomicInteger();
    Source<String> source =
        Source.lines(
            () ->
                new ByteArrayInputStream("grüß\nGott".getBytes(StandardCharsets.ISO_8859_1)) {
                  @Override
                  public void close() {
                    closed.incrementAndGet();
                  }
                },
            StandardCharsets.ISO_8859_1);
    assertThat(read(source)).containsExactly("grüß", "Gott");
    try (Source.Cursor<String> cursor = source.open(Context.background())) {
      assertThat(cursor.next()).isEqualTo("grüß");
      assertThat(closed).hasValue(1);
    }
    assertThat(closed).as("after an early end").hasValue(2);
  }

  @Test
  void lineWithoutEndDoesNotFillTheMemory() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    assertThatThrownBy(() -> read(Source.lines(() -> endless, StandardCharsets.UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 1 is longer than 1048576 characters");
  }

  // Ticks

  @Test
  void ticksComeOneAfterTheOtherAndMissedOnesAreDropped() throws Exception {
    Duration period = Duration.ofMillis(20);
    Source.Cursor<Instant> cursor = Source.ticks(period).open(Context.background());
    try (cursor) {
      Instant first = tick(cursor);
      Thread.sleep(5 * period.toMillis()); // simulates a slow pipeline
      Instant missed = tick(cursor);
      Instant next = tick(cursor);
      assertThat(missed).isAfter(first);
      assertThat(Duration.between(missed, next))
          .as("four ticks were dropped in between")
          .isGreaterThan(period.multipliedBy(2));
    }
    assertThat(cursor.next()).as("the ticker is closed").isNull();
  }

  private static Instant tick(Source.Cursor<Instant> cursor) throws Exception {
    return java.util.Objects.requireNonNull(cursor.next());
  }

  @Test
  void interruptEndsTheWaitForATick() {
    var waiting = new CountDownLatch(1);
    var running =
        threads.start(
            () -> {
              try (Source.Cursor<Instant> cursor =
                  Source.ticks(Duration.ofHours(1)).open(Context.background())) {
                waiting.countDown();
                return String.valueOf(cursor.next());
              }
            });
    running.thread().interrupt();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
    assertThatThrownBy(() -> Source.ticks(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the period must be positive, but is PT0S");
  }

  // Directory walks

  private static Path tree(Path root) throws IOException {
    Files.createDirectories(root.resolve("a/b"));
    Files.createDirectories(root.resolve("c"));
    Files.writeString(root.resolve("a/b/file"), "");
    return root;
  }

  @Test
  void walkFindsEachDirectoryBeforeWhatIsInIt(@TempDir Path root) throws Exception {
    List<Path> found = read(Source.walk(tree(root)));
    assertThat(found)
        .containsExactlyInAnyOrder(
            root,
            root.resolve("a"),
            root.resolve("a/b"),
            root.resolve("a/b/file"),
            root.resolve("c"))
        .startsWith(root)
        .containsSubsequence(root.resolve("a"), root.resolve("a/b"), root.resolve("a/b/file"));
  }

  /** Works for a superuser too, who can read any directory. */
  @Test
  void directoryThatCanNotBeReadIsAFailureThatNamesIt(@TempDir Path root) throws Exception {
    tree(root);
    Path loop = Files.createSymbolicLink(root.resolve("a/b/loop"), root);
    assertThatThrownBy(() -> read(Source.walk(root, FileVisitOption.FOLLOW_LINKS)))
        .isInstanceOf(FileSystemLoopException.class)
        .hasMessageContaining(loop.toString());
    assertThatThrownBy(() -> read(Source.walk(root.resolve("none"))))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("none");
  }

  @Test
  @EnabledOnOs(OS.LINUX) // /proc shows the open files
  void walkThatEndsEarlyClosesItsDirectories(@TempDir Path root) throws Exception {
    tree(root);
    try (Source.Cursor<Path> cursor = Source.walk(root).open(Context.background())) {
      assertThat(cursor.next()).isEqualTo(root);
      cursor.next();
      assertThat(openUnder(root)).isPositive();
    }
    assertThat(openUnder(root)).isZero();
  }

  private static long openUnder(Path root) throws IOException {
    long open = 0;
    try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : descriptors) {
        try {
          open += Files.readSymbolicLink(each).startsWith(root.toRealPath()) ? 1 : 0;
        } catch (NoSuchFileException e) {
          // closed meanwhile: the descriptor of this listing
        }
      }
    }
    return open;
  }
}
