package dev.millrace.samples.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StreamsDemoTest {

  @TempDir private Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final byte[] large = new byte[300_000];
  private Path source = Path.of("");
  private Path target = Path.of("");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void end() {
    threads.shutdownNow();
    threads.close();
  }

  @BeforeEach
  void files() throws Exception {
    source = Files.createDirectories(directory.resolve("source"));
    target = directory.resolve("target");
    new Random(1).nextBytes(large);
    Files.createDirectories(source.resolve("sub"));
    Files.writeString(source.resolve("small"), "hello\n");
    Files.write(source.resolve("sub/large"), large);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private int demo(InstantSource clock, String... options) {
    String[] args = new String[options.length + 2];
    args[0] = source.toString();
    args[1] = target.toString();
    System.arraycopy(options, 0, args, 2, options.length);
    return StreamsDemo.execute(new PrintStream(out, true, StandardCharsets.UTF_8), clock, args);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void copiesWithChecksums() throws Exception {
    assertThat(demo(Clock.systemUTC())).isZero();
    assertThat(printed()).contains("copied 2 files, 300,006 bytes");
    assertThat(Files.readAllBytes(target.resolve("sub/large"))).isEqualTo(large);
    assertThat(Files.readAllLines(target.resolve(Backup.SUMS)))
        .containsExactlyInAnyOrder(
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  small",
            sha256(large) + "  sub/large");
  }

  @Test
  void unreadableFilesAreReportedAndTheOthersCopied() throws Exception {
    Files.createSymbolicLink(source.resolve("sub/loop"), source);
    Files.createSymbolicLink(source.resolve("dangling"), source.resolve("nowhere"));
    assertThat(demo(Clock.systemUTC())).isEqualTo(1);
    assertThat(printed())
        .contains("loop cannot be read", "dangling cannot be read", "copied 2 files");
  }

  @Test
  void targetInTheSourceIsNotCopiedIntoItself() {
    target = source.resolve("backup");
    assertThat(demo(Clock.systemUTC())).isZero();
    assertThat(demo(Clock.systemUTC())).isZero();
    assertThat(printed()).containsPattern("(?s)copied 2 files.*copied 2 files");
  }

  @Test
  void cancelledBackupLeavesNoChecksums() throws Exception {
    assertThat(demo(Clock.systemUTC())).isZero();
    try (var context = Context.background().withCancel()) {
      context.cancel();
      assertThatThrownBy(() -> new Backup(source, target).run(context))
          .isInstanceOf(ChannelClosedException.class)
          .hasCause(context.cause());
    }
    assertThat(target.resolve(Backup.SUMS)).doesNotExist();
  }

  @Test
  void copiesAtTheTimeOfTheCronExpression() throws Exception {
    var two = LocalDateTime.parse("2026-03-10T02:00").atZone(ZoneId.systemDefault()).toInstant();
    // A minute passes whenever it is read: it is two o'clock soon, on any machine.
    var now = new AtomicReference<>(two.minus(Duration.ofMinutes(10)));
    InstantSource fast = () -> now.updateAndGet(time -> time.plus(Duration.ofMinutes(1)));
    var status = threads.submit(() -> demo(fast, "--cron", "0 2 * * *"));
    await().until(() -> printed().contains("copied 2 files"));
    new ProcessBuilder("kill", "-TERM", Long.toString(ProcessHandle.current().pid())).start();
    assertThat(status.get()).isZero();
    assertThat(printed()).contains("next backup at " + two, "backup of " + two, "closed");
  }

  @Test
  void wrongCronExpressionIsRefused() {
    assertThat(demo(Clock.systemUTC(), "--cron", "every night")).isEqualTo(2);
  }
}
