package dev.millrace.channel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.MalformedInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LinesTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** An input that gives a few bytes at a time, and knows whether it was closed. */
  private static final class Trickle extends ByteArrayInputStream {
    private final int most;
    boolean closed;

    Trickle(byte[] bytes, int most) {
      super(bytes);
      this.most = most;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      return super.read(target, offset, Math.min(length, most));
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static List<String> lines(byte[] text, Charset charset, int maximum, int atATime)
      throws Exception {
    var in = new Trickle(text, atATime);
    Channel<String> channel = Channel.unlimited();
    try {
      Producer.lines(in, charset, maximum).produce(channel);
    } finally {
      assertThat(in.closed).isTrue();
    }
    channel.close();
    return Channels.toList(channel, Context.background());
  }

  private static List<String> lines(String text) throws Exception {
    return lines(text.getBytes(UTF_8), UTF_8, 1000, Integer.MAX_VALUE);
  }

  @Test
  void lineEndsAreLineFeedCarriageReturnOrBoth() throws Exception {
    assertThat(lines("a\nb\r\nc\rd\n\n\r\n\r\re\n"))
        .containsExactly("a", "b", "c", "d", "", "", "", "", "e");
  }

  @Test
  void lastLineNeedsNoEnd() throws Exception {
    assertThat(lines("a\nb")).containsExactly("a", "b");
    assertThat(lines("a\nb\n")).containsExactly("a", "b");
    assertThat(lines("a\n\n")).containsExactly("a", "");
    assertThat(lines("a\r")).containsExactly("a");
    assertThat(lines("")).isEmpty();
    assertThat(lines("\n")).containsExactly("");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100_000})
  void randomTextIsCutAsTheJdkDoes(int atATime) throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    String[] pieces = {"\n", "\r", "\r\n", "a", "é", "€", "😀", "some words ", "x".repeat(5000)};
    for (Charset charset : List.of(UTF_8, UTF_16LE, Charset.forName("GB18030"))) {
      var text = new StringBuilder();
      for (int i = 0; i < 300; i++) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      byte[] bytes = text.toString().getBytes(charset);
      var expected = new ArrayList<String>();
      try (var reader =
          new BufferedReader(new InputStreamReader(new ByteArrayInputStream(bytes), charset))) {
        reader.lines().forEach(expected::add);
      }
      assertThat(lines(bytes, charset, 1 << 24, atATime))
          .as("seed %d, charset %s", seed, charset)
          .isEqualTo(expected);
    }
  }

  @Test
  void charsetIsObeyed() throws Exception {
    assertThat(lines("äö".getBytes(ISO_8859_1), ISO_8859_1, 10, 1)).containsExactly("äö");
  }

  @Test
  void malformedInputFailsBehindTheGoodLines() throws Exception {
    byte[] bytes = "one\ntwo\nb?d\nfour".getBytes(UTF_8);
    bytes[9] = (byte) 0xff;
    var in = new Trickle(bytes, Integer.MAX_VALUE);
    Channel<String> channel = Channel.unlimited();
    assertThatThrownBy(() -> Producer.lines(in).produce(channel))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("line 3 is not valid UTF-8, at byte 9 of the input")
        .hasCauseInstanceOf(MalformedInputException.class);
    assertThat(in.closed).isTrue();
    assertThat(channel.receive()).isEqualTo("one");
    assertThat(channel.receive()).isEqualTo("two");
    assertThat(channel.size()).isEqualTo(0);
  }

  @Test
  void characterThatIsCutOffByTheEndIsMalformed() {
    assertThatThrownBy(() -> lines(new byte[] {'a', '\n', (byte) 0xe2, (byte) 0x82}, UTF_8, 10, 1))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("at byte 2 ");
  }

  @Test
  void longLineFailsInsteadOfTakingTheMemory() throws Exception {
    assertThat(lines("12345\r\n12345".getBytes(UTF_8), UTF_8, 5, 1))
        .containsExactly("12345", "12345");
    assertThatThrownBy(() -> lines("1\n123456".getBytes(UTF_8), UTF_8, 5, 1))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "line 2 is longer than 5 characters: raise the maximum, if such lines are right");
    var endless =
        new InputStream() {
          long given;

          @Override
          public int read() {
            given++;
            return 'x';
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            Arrays.fill(target, offset, offset + length, (byte) 'x');
            given += length;
            return length;
          }
        };
    assertThatThrownBy(() -> Producer.lines(endless).produce(Channel.unlimited()))
        .hasMessageContaining("longer than 1048576 characters");
    assertThat(endless.given).isLessThan(Producer.MAXIMUM_LINE_LENGTH + 10_000L);
  }

  @Test
  void lineIsSentAsSoonAsItsEndWasRead() throws Exception {
    try (var out = new PipedOutputStream()) {
      var in = new PipedInputStream(out);
      Channel<String> channel = Channel.rendezvous();
      var running =
          threads.start(
              () -> {
                Producer.lines(in).produce(channel);
                return true;
              });
      out.write("one\r".getBytes(UTF_8)); // the second half of the line end may never come
      out.flush();
      assertThat(channel.receive()).isEqualTo("one");
      out.write("\ntwo\n".getBytes(UTF_8));
      out.flush();
      assertThat(channel.receive()).isEqualTo("two");
      out.close();
      assertThat(running.get()).isTrue();
    }
  }

  @Test
  void interruptEndsAReadThatObeysItAndClosesTheInput() throws Exception {
    try (var out = new PipedOutputStream()) {
      var closed = new AtomicBoolean();
      var in =
          new PipedInputStream(out) {
            @Override
            public void close() throws IOException {
              closed.set(true);
              super.close();
            }
          };
      Channel<String> channel = Channel.rendezvous();
      var running =
          threads.start(
              () -> {
                Producer.lines(in).produce(channel);
                return true;
              });
      await().until(() -> running.thread().getState() == Thread.State.TIMED_WAITING);
      running.thread().interrupt();
      assertThatThrownBy(running::get).hasCauseInstanceOf(IOException.class);
      assertThat(closed).isTrue();
    }
  }

  @Test
  void failureOfTheInputIsThrown() {
    var failure = new IOException("disk");
    var in =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw failure;
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            throw failure;
          }
        };
    assertThatThrownBy(() -> Producer.lines(in).produce(Channel.unlimited())).isSameAs(failure);
  }

  @Test
  void aMillionLinesArrive() throws Exception {
    byte[] text = "line\n".repeat(1_000_000).getBytes(UTF_8);
    assertThat(lines(text, UTF_8, 10, Integer.MAX_VALUE)).hasSize(1_000_000).containsOnly("line");
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void badArgumentsAreRefusedAtOnce() {
    assertThatThrownBy(() -> Producer.lines(InputStream.nullInputStream(), UTF_8, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1, but is 0");
    assertThatThrownBy(() -> Producer.lines(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("in");
  }
}
