package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The page for beginners shows two whole programs: all of their files, unchanged. The programs are
 * built and run outside of this build, by {@code integration-tests/consumers/run}.
 */
class GettingStartedTest {

  private static final Path PAGE = Path.of("../docs/getting-started.md");
  private static final Path PROGRAMS = Path.of("../integration-tests/consumers");
  private static final List<String> SHOWN = List.of("pipeline-app", "kafka-app");

  /** A line that begins with the path of a file; then the contents of the file. */
  private static final Pattern FILE =
      Pattern.compile(
          "^`([^`\n]+)`[^\n]*\n\n```(?:java|xml)\n(.*?\n)```", Pattern.MULTILINE | Pattern.DOTALL);

  private static final Pattern VERSION =
      Pattern.compile("<millrace.version>(.*?)</millrace.version>");
  private static final Pattern VERSION_OF_BUILD =
      Pattern.compile("^  <version>(.*?)</version>", Pattern.MULTILINE);

  private static Map<String, String> files(String program) throws IOException {
    Path root = PROGRAMS.resolve(program);
    Map<String, String> files = new TreeMap<>();
    files.put("pom.xml", Files.readString(root.resolve("pom.xml")));
    try (Stream<Path> sources = Files.walk(root.resolve("src"))) {
      for (Path file : sources.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(file).toString().replace('\\', '/'), Files.readString(file));
      }
    }
    return files;
  }

  /** The Java files of both programs, each as a document shows it: without its last line break. */
  static List<String> contentsOfPrograms() throws IOException {
    List<String> contents = new ArrayList<>();
    for (String program : SHOWN) {
      files(program).values().forEach(file -> contents.add(file.stripTrailing().stripIndent()));
    }
    return contents;
  }

  @ParameterizedTest
  @CsvSource({"A pipeline, pipeline-app", "A Kafka app, kafka-app"})
  void sectionShowsEveryFileOfItsProgram(String heading, String program) throws Exception {
    String page = Files.readString(PAGE);
    int begin = page.indexOf("\n## " + heading + "\n");
    assertThat(begin).as("the section '%s'", heading).isNotNegative();
    int end = page.indexOf("\n## ", begin + 1);
    Matcher matcher = FILE.matcher(page.substring(begin, end < 0 ? page.length() : end));
    Map<String, String> shown = new TreeMap<>();
    while (matcher.find()) {
      shown.put(matcher.group(1), matcher.group(2));
    }
    assertThat(shown).isEqualTo(files(program));
  }

  @Test
  void programsUseTheVersionOfThisBuild() throws Exception {
    String version = first(VERSION_OF_BUILD, Files.readString(Path.of("../pom.xml")));
    for (String program : List.of("pipeline-app", "kafka-app", "class-path", "module-path")) {
      assertThat(first(VERSION, files(program).get("pom.xml"))).as(program).isEqualTo(version);
    }
  }

  private static String first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    assertThat(matcher.find()).as("%s occurs", pattern).isTrue();
    return matcher.group(1);
  }
}
