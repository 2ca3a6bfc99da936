package dev.millrace.samples.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The README shows code that compiles and works, because it is this code. */
class ReadmeTest {

  private static final Path SOURCES = Path.of("src/main/java/dev/millrace/samples/readme");

  @ParameterizedTest
  @ValueSource(strings = {"PipelineExample:pipeline", "LoopExample:loop"})
  void readmeShowsTheCodeThatIsCompiled(String which) throws Exception {
    String[] parts = which.split(":", -1);
    String source = Files.readString(SOURCES.resolve(parts[0] + ".java"));
    Matcher region =
        Pattern.compile("// readme:" + parts[1] + "\n(.*?)\n *// readme:end", Pattern.DOTALL)
            .matcher(source);
    assertThat(region.find()).isTrue();
    assertThat(Files.readString(Path.of("../README.md"))).contains(region.group(1).stripIndent());
  }

  @Test
  void pipelineOfTheReadmeWorks() throws Exception {
    assertThat(PipelineExample.sum(List.of("1", "2", "three", "4"))).isEqualTo(7);
  }
}
