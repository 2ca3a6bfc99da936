package dev.millrace.testkit.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Branches;
import dev.millrace.pipeline.Bytes;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Frames;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Results;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chunks of bytes, the messages in them, and results that are pulled out of a run. */
abstract class BytesConformance extends SettlementTheme {

  private static final int SEED = 7;

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(SEED).nextBytes(bytes);
    for (int i = 0; i < length; i += 2) {
      bytes[i] = 'a'; // so that they can be compressed
    }
    return bytes;
  }

  /** The bytes in chunks of random lengths. */
  private static Source<byte[]> chunks(byte[] bytes, int most) {
    var random = new Random(SEED);
    List<byte[]> chunks = new ArrayList<>();
    for (int at = 0; at < bytes.length; ) {
      int end = Math.min(bytes.length, at + 1 + random.nextInt(most));
      chunks.add(Arrays.copyOfRange(bytes, at, end));
      at = end;
    }
    return Source.of(chunks);
  }

  private static byte[] joined(List<byte[]> chunks) {
    var all = new ByteArrayOutputStream();
    chunks.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private static byte[] gzipped(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void fileIsCopiedToTwoSinksWithItsDigest(@TempDir Path directory) throws Exception {
    byte[] bytes = random(100_000);
    Path file = Files.write(directory.resolve("in"), bytes);
    Path copy = directory.resolve("copy");
    var second = new ByteArrayOutputStream();
    var digest = new AtomicReference<byte[]>();
    var pipe =
        Pipe.from(Bytes.read(file, 1_000))
            .via("digest", Bytes.digest("SHA-256", digest::set))
            .through(Branches.alsoTo("second", Bytes.write(() -> second)));
    assertThat(run(pipe.to(Bytes.write(copy))).result()).isEqualTo(bytes.length);
    assertThat(copy).hasBinaryContent(bytes);
    assertThat(second.toByteArray()).isEqualTo(bytes);
    assertThat(digest.get()).isEqualTo(MessageDigest.getInstance("SHA-256").digest(bytes));
    assertThat(directory).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void fileIsWrittenAsAWholeOrNotAtAll(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "old");
    var cause = new IOException("cut");
    var pipe =
        Pipe.from(Numbers.endless())
            .onFailure(FailurePolicy.stop())
            .map("chunk", x -> x == 50 ? raised(cause) : new byte[100]);
    assertThat(run(pipe.to(Bytes.write(file))).failed()).isSameAs(cause);
    assertThat(file).hasContent("old");
    assertThat(directory).isDirectoryNotContaining("glob:**.part");
  }

  private static byte[] raised(IOException cause) throws IOException {
    throw cause;
  }

  @Test
  void messagesAreFoundInAnyChunks() {
    List<byte[]> messages = IntStream.range(0, 200).mapToObj(i -> random(i * i % 301)).toList();
    for (int header : new int[] {2, 4}) {
      List<byte[]> frames =
          elements(Pipe.from(Source.of(messages)).via("frame", Frames.withLength(header)));
      for (int most : new int[] {1, 7, 1_000}) {
        List<byte[]> found =
            elements(
                Pipe.from(chunks(joined(frames), most))
                    .via("frames", Frames.byLength(header, 300)));
        assertThat(found).usingRecursiveComparison().isEqualTo(messages);
      }
    }
  }

  @Test
  void delimitersAreFoundAcrossChunks() {
    List<String> messages = List.of("a", "", "aab", "b--", "aa-a", "last");
    byte[] delimiter = "aaX".getBytes(UTF_8);
    List<byte[]> frames =
        elements(
            Pipe.from(Source.of(messages))
                .via("encode", Bytes.encode())
                .via("frame", Frames.withDelimiter(delimiter)));
    for (int most : new int[] {1, 2, 100}) {
      var pipe =
          Pipe.from(chunks(joined(frames), most))
              .via("frames", Frames.byDelimiter(delimiter, 10))
              .map("text", bytes -> new String(bytes, UTF_8));
      assertThat(elements(pipe)).isEqualTo(messages);
    }
    var rest =
        Pipe.from(Source.of(List.of("x,y".getBytes(UTF_8))))
            .via("frames", Frames.byDelimiter(",".getBytes(UTF_8), 1))
            .map("text", bytes -> new String(bytes, UTF_8));
    assertThat(elements(rest)).containsExactly("x", "y");
  }

  @Test
  void longMessageFailsItsChunkAndAllLaterOnes() {
    for (var frames : List.of(Frames.byLength(1, 5), Frames.byDelimiter("\n".getBytes(UTF_8), 5))) {
      var pipe =
          Pipe.from(
                  Source.of(
                      List.of(new byte[] {1, '\n'}, new byte[] {9, 9, 9, 9, 9, 9, 9}, new byte[3])))
              .via("frames", frames);
      var ended = run(pipe.to(Sink.count()), Context.background(), failure -> {});
      assertThat(ended.failures()).hasSize(2);
      assertThat(ended.failures().getFirst().cause()).hasMessageContaining("the maximum is 5");
    }
  }

  @Test
  void inputThatWasCutIsNotTakenForTheWhole() throws Exception {
    byte[] zipped = gzipped(random(1_000));
    var cut = Source.of(List.of(Arrays.copyOf(zipped, zipped.length - 3)));
    assertThat(run(Pipe.from(cut).via("gunzip", Bytes.gunzip()).to(Sink.count())).failed())
        .isInstanceOf(EOFException.class);
    var half = Source.of(List.of(new byte[] {0, 5, 1}));
    assertThat(run(Pipe.from(half).via("frames", Frames.byLength(2, 9)).to(Sink.count())).failed())
        .isInstanceOf(EOFException.class);
  }

  @Test
  void bytesAreCompressedAndExpanded() throws Exception {
    byte[] bytes = random(200_000);
    List<byte[]> zipped = elements(Pipe.from(chunks(bytes, 5_000)).via("gzip", Bytes.gzip()));
    assertThat(new GZIPInputStream(new ByteArrayInputStream(joined(zipped))).readAllBytes())
        .isEqualTo(bytes);
    for (int most : new int[] {1, 100, 100_000}) {
      byte[] twice = joined(List.of(joined(zipped), gzipped(new byte[] {1, 2})));
      List<byte[]> expanded =
          elements(Pipe.from(chunks(twice, most)).via("gunzip", Bytes.gunzip()));
      assertThat(joined(expanded)).isEqualTo(joined(List.of(bytes, new byte[] {1, 2})));
      assertThat(expanded).allMatch(chunk -> chunk.length <= 16 * 1024);
    }
    assertThat(joined(elements(Pipe.from(Source.<byte[]>of(List.of())).via("g", Bytes.gzip()))))
        .isEqualTo(gzipped(new byte[0]));
  }

  @Test
  void headerOfAMemberMayHaveEveryField() throws Exception {
    byte[] plain = gzipped("text".getBytes(UTF_8));
    byte[] body = Arrays.copyOfRange(plain, 10, plain.length);
    byte[] header = {0x1f, (byte) 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 0};
    byte[] fields = {3, 0, 7, 7, 7, 'n', 0, 'c', 'c', 0, 1, 2};
    var pipe = Pipe.from(chunks(joined(List.of(header, fields, body)), 3)).via("g", Bytes.gunzip());
    assertThat(new String(joined(elements(pipe)), UTF_8)).isEqualTo("text");
  }

  @Test
  void damagedBytesAreAFailure() throws Exception {
    byte[] zipped = gzipped(random(100));
    zipped[zipped.length - 6] ^= 1;
    for (byte[] bytes : List.of(zipped, "no gzip at all".getBytes(UTF_8))) {
      var ended =
          run(
              Pipe.from(Source.of(List.of(bytes))).via("g", Bytes.gunzip()).to(Sink.count()),
              Context.background(),
              failure -> {});
      assertThat(ended.failures())
          .singleElement()
          .satisfies(failure -> assertThat(failure.cause()).isInstanceOf(ZipException.class));
    }
  }

  @Test
  void socketsAreSourcesAndSinks() throws Exception {
    byte[] bytes = random(50_000);
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var client = new Socket(server.getInetAddress(), server.getLocalPort());
        var peer = server.accept()) {
      var sending = start(Pipe.from(chunks(bytes, 3_000)).to(Bytes.write(client::getOutputStream)));
      List<byte[]> received = elements(Pipe.from(Bytes.read(peer::getInputStream, 1_024)));
      assertThat(joined(received)).isEqualTo(bytes);
      assertThat(sending.end().result()).isEqualTo(bytes.length);
    }
  }

  @Test
  void chunkIsSettledWithItsMessage() {
    var seen = new ArrayList<Integer>();
    var pipe =
        Pipe.from(
                receipts.source(
                    Numbers.below(10),
                    x -> new byte[] {x.byteValue(), (byte) (x % 2 == 1 ? '\n' : 'a')},
                    chunk -> (int) chunk[0]))
            .via("frames", Frames.byDelimiter("\n".getBytes(UTF_8), 10));
    run(pipe.to(
            Sink.forEach(
                message -> {
                  seen.add((int) message[0]);
                  assertThat(receipts.settled()).doesNotContain((int) message[0]);
                })))
        .result();
    assertThat(seen).containsExactly(0, 2, 4, 6, 8);
    receipts.checkAbandoned(List.of());
  }

  // Pulled out

  @Test
  void elementsArePulled() {
    var numbers = Numbers.below(1_000);
    try (var elements =
        Results.iterator(Pipe.from(numbers), kit().engine(), Context.background())) {
      Iterator<Integer> iterator = elements;
      for (int i = 0; i < 1_000; i++) {
        assertThat(iterator.next()).isEqualTo(i);
      }
      assertThat(iterator.hasNext()).isFalse();
    }
    numbers.checkReleased();
    var endless = Numbers.endless();
    try (Stream<Integer> stream =
        Results.stream(Pipe.from(endless), kit().engine(), Context.background())) {
      assertThat(stream.limit(5)).containsExactly(0, 1, 2, 3, 4);
    }
    endless.checkReleased();
  }

  @Test
  void pulledBytesAreAStream() throws Exception {
    byte[] bytes = random(30_000);
    try (InputStream in =
        Results.inputStream(Pipe.from(chunks(bytes, 700)), kit().engine(), Context.background())) {
      assertThat(in.read()).isEqualTo(bytes[0] & 0xff);
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 1, bytes.length));
    }
  }

  @Test
  void failureOfTheRunIsThrownToTheReader() throws Exception {
    var cause = new IOException("cut");
    var pipe = Pipe.from(Numbers.endless()).map("chunk", x -> x == 3 ? raised(cause) : new byte[1]);
    try (var elements = Results.iterator(pipe, kit().engine(), Context.background())) {
      // A failure stops the run at once: elements on the way may be lost.
      var taken = new ArrayList<byte[]>();
      assertThatThrownBy(() -> elements.forEachRemaining(taken::add))
          .isInstanceOf(CompletionException.class)
          .hasCause(cause);
      assertThat(taken).hasSizeLessThanOrEqualTo(3);
    }
    try (InputStream in = Results.inputStream(pipe, kit().engine(), Context.background())) {
      assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class).hasCause(cause);
    }
  }

  @Test
  void readerThatIsInterruptedStaysInterrupted() {
    try (var elements =
        Results.iterator(
            Pipe.from(Numbers.below(1).at(0, () -> blockForever())),
            kit().engine(),
            Context.background())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(elements::next)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(InterruptedException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void settlingSourceCannotBePulled() {
    assertThatThrownBy(() -> Results.iterator(pipe(), kit().engine(), Context.background()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("settling source");
  }
}
