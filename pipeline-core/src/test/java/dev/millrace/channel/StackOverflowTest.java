package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/**
 * A stack that overflows in an operation leaves no lock held. In a new JVM, since the calls of code
 * that is not compiled yet need more stack, and the first ones link what they call.
 */
class StackOverflowTest {

  @RepeatedTest(3)
  void overflowInAnOperationLeavesNoLockHeld(@TempDir Path directory) throws Exception {
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-Xss512k",
                "-cp",
                System.getProperty("java.class.path"),
                Deep.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(output).content().isEqualTo("free");
    } finally {
      process.destroyForcibly();
    }
  }

  /** The JVM whose stacks overflow. */
  static final class Deep {

    /** Something that is done at each depth. */
    private interface Operation {
      void run() throws InterruptedException;
    }

    private record Case(String name, Channel<Integer> channel, Operation operation) {}

    private static List<Case> cases() {
      List<Case> cases = new ArrayList<>();
      for (int capacity : new int[] {0, 1, 4}) {
        Channel<Integer> first = Channel.buffered(capacity);
        cases.add(new Case("try", first, () -> first.trySend(first.tryReceive() == null ? 1 : 2)));
        Channel<Integer> second = Channel.buffered(capacity);
        cases.add(new Case("timed", second, () -> second.trySend(1, Duration.ofNanos(1))));
        Channel<Integer> third = Channel.buffered(capacity);
        var select =
            new Select<Boolean>()
                .onReceive(third, element -> true)
                .onSend(Channel.<Integer>dropOldest(1), 1, () -> true)
                .onDefault(() -> false);
        cases.add(new Case("select", third, select::select));
        Channel<Integer> fourth = Channel.buffered(capacity);
        cases.add(new Case("look", fourth, fourth::size));
        Channel<Integer> fifth = Channel.buffered(capacity);
        cases.add(
            new Case(
                "cancellable",
                fifth,
                () -> {
                  try (var context = Context.background().withCancel()) {
                    if (fifth.trySend(1)) {
                      fifth.receiveOrNull(context);
                    }
                  }
                }));
      }
      return cases;
    }

    /** Frames of other sizes, so that the end of the stack meets other places. */
    private static int down(Operation operation, int size, long a, long b)
        throws InterruptedException {
      operation.run();
      return switch (size % 3) {
        case 0 -> down(operation, size, a + 1, b);
        case 1 -> 1 + down(operation, size, a, b + 1);
        default -> wider(operation, size, a, b, a + b, a - b);
      };
    }

    private static int wider(Operation operation, int size, long a, long b, long c, long d)
        throws InterruptedException {
      return down(operation, size, a + c, b + d) + 1;
    }

    public static void main(String[] args) throws Exception {
      for (int size = 0; size < 6; size++) {
        for (Case one : cases()) {
          int frames = size;
          Thread deep =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          down(one.operation, frames, 1, 2);
                        } catch (StackOverflowError e) {
                          // it has come to the end
                        } catch (InterruptedException e) {
                          throw new AssertionError(e);
                        }
                      });
          deep.join();
          Thread look = Thread.ofPlatform().daemon().start(() -> System.out.println(one.channel));
          if (!look.join(Duration.ofSeconds(20))) {
            System.out.print(one.name + " has left a lock held");
            System.exit(1);
          }
        }
      }
      System.out.print("free");
    }
  }
}
