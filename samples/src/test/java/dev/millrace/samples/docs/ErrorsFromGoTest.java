package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Causes;
import dev.millrace.errors.CrashFile;
import dev.millrace.errors.ErrorCode;
import dev.millrace.errors.Failure;
import dev.millrace.errors.PanicException;
import dev.millrace.errors.PanicKind;
import dev.millrace.errors.Steps;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Recovery;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The snippets of the guide for Go programmers about errors, run. */
class ErrorsFromGoTest {

  @Test
  void errorCode() {
    // doc:begin
    var e = new IOException("Access denied for user 'db_user'@'127.0.0.1'");
    ErrorCode code = ErrorCode.of(e); //             for the log line, beside the message
    String shown = "unknown error " + code; //       for the caller, without the message
    ErrorCode typed = ErrorCode.parse(" 3oev "); //  as people write it: O is 0, I and l are 1
    // doc:end
    assertThat(shown).isEqualTo("unknown error 30EV");
    assertThat(typed).isEqualTo(ErrorCode.parse("30EV"));
  }

  // doc:begin
  /** Wraps the failure of the layer below; the message says what this layer did. */
  static final class StoreException extends Exception {
    private static final long serialVersionUID = 1L;

    StoreException(String message, Throwable cause) {
      super(message, cause); // fmt.Errorf("…: %w", err)
    }
  }

  // doc:end

  @Test
  void wrapping() {
    var service =
        new IllegalStateException(
            "cannot load order 7",
            new StoreException("cannot read orders", new NoSuchFileException("orders.db")));
    // doc:begin
    boolean missing = Causes.find(service, NoSuchFileException.class) != null; // errors.Is
    StoreException store = Causes.find(service, StoreException.class); //         errors.As
    Throwable root = Causes.root(service); //                                     errors.Cause
    // doc:end
    assertThat(missing).isTrue();
    assertThat(store).hasMessage("cannot read orders");
    assertThat(root).hasMessage("orders.db");
  }

  @Test
  void suppressed() {
    var e = new IOException("cannot copy");
    e.addSuppressed(new IllegalStateException("cannot close", new NoSuchFileException("tmp")));
    // doc:begin
    boolean inChain = Causes.find(e, NoSuchFileException.class) != null;
    boolean anywhere = Causes.findInTree(e, NoSuchFileException.class) != null; // errors.Join too
    // doc:end
    assertThat(inChain).isFalse();
    assertThat(anywhere).isTrue();
  }

  private static final class ZooTour {
    final List<String> seen = new ArrayList<>();

    void enter() {
      seen.add("enter");
    }

    void visit(String animal) throws IOException {
      if (animal.equals("panda")) {
        throw new IOException("the panda sleeps");
      }
      seen.add(animal);
    }

    void leave() {
      seen.add("leave");
    }
  }

  @Test
  void stickyError() throws Exception {
    var tour = new ZooTour();
    // doc:begin
    var steps = Steps.untilFailure(); // or toTheEnd(): goes on, and collects the failures
    steps.run("enter", tour::enter);
    steps.run("panda", () -> tour.visit("panda"));
    steps.run("tiger", () -> tour.visit("tiger")); // skipped
    steps.run("leave", tour::leave); //               skipped
    assertThatThrownBy(steps::throwIfFailed) //       one look, at the end
        .isInstanceOf(ExecutionException.class)
        .hasMessage("step 'panda' failed; not run: [tiger, leave]")
        .hasRootCauseMessage("the panda sleeps");
    // doc:end
    assertThat(tour.seen).containsExactly("enter");
  }

  @SuppressWarnings("InfiniteRecursion") // as a document that is nested too deeply
  private static int depth(String document) {
    return document.equals("deep") ? depth(document) + 1 : 1;
  }

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void recover(Engine engine) throws Exception {
    List<Failure<?>> failures = new ArrayList<>();
    // doc:begin
    var recovery = Recovery.of(PanicKind.STACK_OVERFLOW); // no other kind of Error
    List<Integer> depths =
        Pipe.from(Source.of(List.of("flat", "deep", "flat")))
            .map("depth", recovery.around(document -> depth(document)))
            .to(Sink.toList())
            .start(engine, Context.background(), failures::add)
            .join();
    // doc:end
    assertThat(depths).containsExactly(1, 1);
    assertThat(failures)
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.element()).isEqualTo("deep");
              assertThat(failure.cause()).isInstanceOf(PanicException.class);
            });
  }

  @TempDir Path directory;

  @Test
  void crashFile() throws Exception {
    Path volume = directory.resolve("crash.log");
    // doc:begin
    try (var crashes = CrashFile.install(volume)) { // in main: stays until the process ends
      Thread worker =
          Thread.ofVirtual()
              .name("worker")
              .start(
                  () -> {
                    throw new AssertionError("panic");
                  });
      worker.join();
      assertThat(crashes).isNotNull();
    }
    // doc:end
    assertThat(Files.readString(volume))
        .contains("ASSERTION in thread 'worker'", "AssertionError: panic", "at dev.millrace");
  }
}
