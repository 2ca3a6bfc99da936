package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each row of the failure matrix has tests, and each test that the page names exists. The test
 * reads the sources as text, because the samples do not depend on the modules of these tests.
 */
class GuaranteesTest {

  private static final Path PAGE = Path.of("../docs/guarantees.md");

  /** Without the folders of builds, whose files come and go while this test runs. */
  private static final List<Path> SOURCES =
      Stream.of(
              "errors",
              "pipeline-core",
              "pipeline-core/conformance",
              "stages",
              "kafka-loop",
              "integration-tests",
              "samples")
          .map(module -> Path.of("..", module, "src"))
          .toList();

  /** A row of a table that begins with the id of a failure. */
  private static final Pattern ROW = Pattern.compile("^\\| ([PK]\\d+) \\| (.*) \\|$");

  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w*)#(\\w+)`");
  private static final String ANNOTATED =
      "@(?:Test|ParameterizedTest|RepeatedTest|Property)\\b[^;]*?\\bvoid ";
  private static final int COLUMNS = 4; // without the id

  /** The cells of the rows with as many cells, without the id, by id. */
  private static Map<String, List<String>> rows(int cells) throws IOException {
    Map<String, List<String>> rows = new TreeMap<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher matcher = ROW.matcher(line);
      if (matcher.matches()) {
        var row = List.of(matcher.group(2).split(" \\| "));
        assertThat(row.size()).as("cells of: %s", line).isIn(1, COLUMNS);
        if (row.size() == cells) {
          assertThat(rows.put(matcher.group(1), row)).as("a second %s", line).isNull();
        }
      }
    }
    return rows;
  }

  /** The texts of the source files with the name of a class, in any module and package. */
  private static Map<String, List<String>> sources() throws IOException {
    Map<String, List<String>> sources = new HashMap<>();
    for (Path folder : SOURCES) {
      try (Stream<Path> files = Files.walk(folder)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .forEach(
                file -> {
                  String name = file.getFileName().toString().replace(".java", "");
                  sources.computeIfAbsent(name, key -> new ArrayList<>()).add(text(file));
                });
      }
    }
    return sources;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean hasTest(List<String> texts, String method) {
    var declared = Pattern.compile(ANNOTATED + method + "\\(");
    return texts.stream().anyMatch(text -> declared.matcher(text).find());
  }

  @ParameterizedTest
  @ValueSource(strings = {"guarantees.md", "verification.md"})
  void everyTestThatThePageNamesExists(String page) throws Exception {
    var sources = sources();
    List<String> missing = new ArrayList<>();
    Matcher named = NAMED.matcher(Files.readString(PAGE.resolveSibling(page)));
    int found = 0;
    while (named.find()) {
      found++;
      if (!hasTest(sources.getOrDefault(named.group(1), List.of()), named.group(2))) {
        missing.add(named.group());
      }
    }
    assertThat(missing).as("tests that no source file has").isEmpty();
    assertThat(found).as("tests that the page names").isPositive();
  }

  @Test
  void everyRowHasItsTests() throws Exception {
    var failures = rows(COLUMNS);
    var tests = rows(1);
    assertThat(failures).hasSizeGreaterThan(30);
    assertThat(tests.keySet()).isEqualTo(failures.keySet());
    tests.forEach((id, row) -> assertThat(row.getFirst()).as(id).containsPattern(NAMED));
  }

  @Test
  void noCellIsEmpty() throws Exception {
    rows(COLUMNS).forEach((id, row) -> assertThat(row).as(id).noneMatch(String::isBlank));
  }
}
