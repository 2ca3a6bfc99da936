package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.samples.readme.PipelineExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The documents show code that compiles and works, because it is code of this module: the lines
 * between {@code // doc:begin} and {@code // doc:end}, or a whole file of a program outside of the
 * build: see {@link GettingStartedTest}. The samples of Spring Boot and Micronaut are builds of
 * their own.
 */
class SnippetsTest {

  private static final Pattern SHOWN = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
  private static final Pattern XML = Pattern.compile("```xml\n(.*?)\n```", Pattern.DOTALL);
  private static final Pattern VERSION =
      Pattern.compile("^  <version>(.*?)</version>", Pattern.MULTILINE);
  private static final Pattern COMPILED =
      Pattern.compile("// doc:begin\n(.*?)\n\\s*// doc:end", Pattern.DOTALL);

  static List<Path> documents() throws IOException {
    return DocumentLinksTest.documents();
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
    for (Path sources :
        List.of(
            Path.of("src"),
            Path.of("spring/src"),
            Path.of("micronaut/src"),
            Path.of("../stages/src/test"))) {
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          if (!file.endsWith("SnippetsTest.java")) {
            regions.addAll(all(COMPILED, file));
          }
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

  /**
   * The lines of POMs that a build reads, with the version of Millrace in place of its property.
   */
  private static Set<String> linesOfPoms() throws IOException {
    Matcher version = VERSION.matcher(Files.readString(Path.of("../pom.xml")));
    assertThat(version.find()).isTrue();
    Set<String> lines = new HashSet<>();
    for (Path root : List.of(Path.of("../stages"), Path.of("../integration-tests"), Path.of("."))) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path pom : files.filter(file -> file.endsWith("pom.xml")).toList()) {
          for (String line : Files.readAllLines(pom)) {
            lines.add(line.strip());
            lines.add(line.strip().replace("${millrace.version}", version.group(1)));
          }
        }
      }
    }
    return lines;
  }

  @ParameterizedTest
  @MethodSource("documents")
  void documentShowsOnlyXmlOfProjectsThatAreBuilt(Path document) throws Exception {
    List<String> shown = new ArrayList<>();
    for (String snippet : all(XML, document)) {
      snippet.lines().map(String::strip).forEach(shown::add);
    }
    assertThat(linesOfPoms()).containsAll(shown);
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
