package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.samples.readme.PipelineExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The documents show code that compiles and works, because it is code of this module: the lines
 * between {@code // doc:begin} and {@code // doc:end}, or a whole file of a program outside of the
 * build: see {@link GettingStartedTest}.
 */
class SnippetsTest {

  private static final Pattern SHOWN = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
  private static final Pattern COMPILED =
      Pattern.compile("// doc:begin\n(.*?)\n\\s*// doc:end", Pattern.DOTALL);

  static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    documents.add(Path.of("../README.md"));
    documents.add(Path.of("../CONTRIBUTING.md"));
    for (String directory : List.of("../docs", "../docs/from-go")) {
      try (Stream<Path> files = Files.list(Path.of(directory))) {
        files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
      }
    }
    return documents;
  }

  private static List<String> all(Pattern pattern, Path file) throws IOException {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(Files.readString(file));
    while (matcher.find()) {
      found.add(matcher.group(1).stripIndent());
    }
    return found;
  }

  private static List<String> compiled() throws IOException {
    List<String> regions = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (!file.endsWith("SnippetsTest.java")) {
          regions.addAll(all(COMPILED, file));
        }
      }
    }
    return regions;
  }

  @ParameterizedTest
  @MethodSource("documents")
  void documentShowsOnlyCodeThatIsCompiled(Path document) throws Exception {
    List<String> compiled = compiled();
    compiled.addAll(GettingStartedTest.contentsOfPrograms());
    assertThat(compiled).containsAll(all(SHOWN, document));
  }

  @Test
  void allThatIsMarkedIsShownSomewhere() throws Exception {
    List<String> shown = new ArrayList<>();
    for (Path document : documents()) {
      shown.addAll(all(SHOWN, document));
    }
    assertThat(shown).containsAll(compiled());
  }

  @Test
  void pipelineOfTheReadmeWorks() throws Exception {
    assertThat(PipelineExample.sum(List.of("1", "2", "three", "4"))).isEqualTo(7);
  }
}
