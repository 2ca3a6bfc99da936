package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.io.DurableFile;
import dev.millrace.io.FileWalk;
import dev.millrace.io.Tee;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.sync.Generator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The snippets of the guide for Go programmers about input and output, run. */
@Timeout(30)
class IoFromGoTest {

  @TempDir Path root;

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  private void plant() throws IOException {
    Files.createDirectories(root.resolve("dir/skip/deep"));
    Files.writeString(root.resolve("dir/file"), "x");
    Files.createSymbolicLink(root.resolve("dir/loop"), root);
  }

  @Test
  void walkByCallback() throws Exception {
    plant();
    List<Path> visited = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    // doc:begin
    FileWalk walk =
        FileWalk.of(root)
            .followingLinks()
            .skipping(directory -> directory.endsWith("skip")) // filepath.SkipDir
            .onUnreadable(one -> errors.add(one.toString())); // go on; default: stop with it
    FileWalk.Result result =
        walk.forEach(
            (path, attributes) -> {
              visited.add(root.relativize(path));
              return FileVisitResult.CONTINUE; // TERMINATE stops the walk: filepath.SkipAll
            });
    boolean all = result.isComplete(); // a partial walk is told apart from the end
    // doc:end
    assertThat(visited).extracting(Path::toString).containsExactlyInAnyOrder("", "dir", "dir/file");
    assertThat(errors).singleElement().asString().contains("loop", "cannot be read");
    assertThat(all).isFalse();
  }

  @Test
  void walkByChannel() throws Exception {
    plant();
    List<Path> found = new ArrayList<>();
    // doc:begin
    try (var paths = Generator.open(Context.background(), FileWalk.of(root))) {
      for (Path path : paths) { // a failure is thrown here, and is not the end of the loop
        if (path.endsWith("file")) {
          found.add(path);
          break; // the walk is stopped when the block is left
        }
      }
    }
    // doc:end
    assertThat(found).containsExactly(root.resolve("dir/file"));
  }

  private static String sha256(InputStream in) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    byte[] buffer = new byte[8192];
    for (int n; (n = in.read(buffer)) >= 0; ) {
      digest.update(buffer, 0, n);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Test
  void tee() throws Exception {
    var upload = new ByteArrayInputStream("hello".repeat(100_000).getBytes(StandardCharsets.UTF_8));
    var file = new ByteArrayOutputStream();
    List<String> digests = new CopyOnWriteArrayList<>();
    // doc:begin
    long bytes =
        Tee.from(upload) //                         read once, as fast as the slowest sink
            .to(file) //                            io.TeeReader
            .into(in -> digests.add(sha256(in))) // io.Pipe: a function that reads
            .copy(Context.background()); //         an error in one ends all
    // doc:end
    assertThat(bytes).isEqualTo(500_000);
    assertThat(file.size()).isEqualTo(500_000);
    assertThat(digests).containsExactly(sha256(new ByteArrayInputStream(file.toByteArray())));
  }

  @Test
  void teeEndsForAll() {
    var full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("disk full");
          }
        };
    var tee =
        Tee.from(new ByteArrayInputStream(new byte[1_000_000]))
            .into(InputStream::readAllBytes)
            .to(full);
    assertThatThrownBy(() -> tee.copy(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("sink 2 of 2 failed")
        .hasRootCauseMessage("disk full");
  }

  @Test
  void zeroCopy() throws Exception {
    Path source = root.resolve("source");
    Path target = root.resolve("target");
    Files.write(source, new byte[1_000_000]);
    // doc:begin
    try (var from = FileChannel.open(source, StandardOpenOption.READ);
        var to = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long position = 0;
      while (position < from.size()) { // one call may transfer less than it was asked for
        position += from.transferTo(position, from.size() - position, to); // sendfile
      }
    }
    // doc:end
    assertThat(target).hasSameBinaryContentAs(source);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void durable(Engine engine) throws Exception {
    Path path = root.resolve("journal");
    List<String> orders = IntStream.range(0, 250).mapToObj(n -> "order " + n).toList();
    // doc:begin
    try (var journal = DurableFile.open(path)) {
      Pipe.from(Source.of(orders))
          .map("line", order -> ByteBuffer.wrap((order + "\n").getBytes(StandardCharsets.UTF_8)))
          .batch("batch", 100, Duration.ofMillis(10))
          .to(Sink.forEach(journal::append)) // returns when the batch is on the disk: one force
          .start(engine, Context.background())
          .join();
    }
    // doc:end
    assertThat(Files.readAllLines(path)).isEqualTo(orders);
  }
}
