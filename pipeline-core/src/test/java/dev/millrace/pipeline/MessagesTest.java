package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages name the argument that is wrong, and say what to do. */
class MessagesTest {

  private final Pipe<Integer> pipe = Pipe.from(Source.of(List.of(1)));

  @Test
  void stageMayNotHaveTheNameOfTheSink() {
    assertThatThrownBy(() -> pipe.map("sink", x -> x).to(Sink.count()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a stage must not be called 'sink'")
        .hasMessageContaining("give the stage another name");
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nameThatIsNullIsNamed() {
    assertThatThrownBy(() -> pipe.map(null, x -> x))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("a stage needs a name: it is null");
    assertThatThrownBy(() -> pipe.mapParallel(null, 2, x -> x))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("a stage needs a name: it is null");
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void functionThatIsNullIsNamed() {
    assertThatThrownBy(() -> pipe.map("map", null)).hasMessage("function");
    assertThatThrownBy(() -> pipe.mapParallel("map", 2, null)).hasMessage("function");
  }

  @Test
  void stageThatIsNotInAReportIsToldWithThoseThatAre() {
    var report = new RunReport(List.of(), Duration.ZERO, true);
    assertThatThrownBy(() -> report.stage("nope"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no stage 'nope': the stages are []");
  }

  @Test
  void folderThatIsMissingIsNamed(@TempDir Path folder) {
    Path file = folder.resolve("none").resolve("x");
    assertThatThrownBy(() -> Sink.lines(file).open(Context.background()))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("there is no directory " + folder.resolve("none"));
  }
}
