package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Links between documents lead to existing files and headings, and copied figures to their source.
 */
class DocumentLinksTest {

  private static final Path DOCS = Path.of("../docs");
  private static final Pattern FENCE = Pattern.compile("```.*?```", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
  private static final Pattern FIGURE_IN_CELL = Pattern.compile("(?<=\\| )[0-9][0-9.,]*(?= \\|)");
  private static final Pattern ROW_OF_A_WAY =
      Pattern.compile("^\\| `([\\w/]+\\.java)` \\| `(\\w+)` \\|", Pattern.MULTILINE);
  private static final Pattern FIGURE = Pattern.compile("[0-9][0-9.,]*[0-9]|[0-9]");

  static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String name : List.of("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")) {
      documents.add(Path.of("..", name + ".md"));
    }
    documents.add(Path.of("../benchmarks/README.md"));
    documents.add(Path.of("../pipeline-core/conformance/README.md"));
    for (Path root : List.of(DOCS, Path.of("."))) {
      try (Stream<Path> files = Files.walk(root)) {
        files
            .filter(file -> file.toString().endsWith(".md"))
            .filter(file -> !file.toString().contains("node_modules")) // of the site
            .sorted()
            .forEach(documents::add);
      }
    }
    return documents;
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyLinkHasItsTarget(Path document) throws Exception {
    List<String> broken = new ArrayList<>();
    for (String link : all(LINK, 1, withoutFences(document))) {
      if (!link.contains(":") && !leadsSomewhere(document, link)) {
        broken.add(link);
      }
    }
    assertThat(broken).isEmpty();
  }

  private static boolean leadsSomewhere(Path document, String link) throws IOException {
    int hash = link.indexOf('#');
    String path = hash < 0 ? link : link.substring(0, hash);
    Path target = path.isEmpty() ? document : document.resolveSibling(path);
    if (!Files.exists(target)) {
      return false;
    }
    return hash < 0 || anchors(target).contains(link.substring(hash + 1));
  }

  /** As GitHub makes them of the headings. */
  private static Set<String> anchors(Path document) throws IOException {
    return all(HEADING, 1, withoutFences(document)).stream()
        .map(heading -> heading.replaceAll("\\]\\([^)]*\\)", ""))
        .map(heading -> heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", ""))
        .map(heading -> heading.replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  private static String withoutFences(Path document) throws IOException {
    return FENCE.matcher(Files.readString(document)).replaceAll("");
  }

  /** A new measurement that changes the benchmark pages makes the copies on this page fail. */
  @Test
  void figuresForTheChoiceAreThoseOfTheBenchmarks() throws Exception {
    StringBuilder measured = new StringBuilder();
    try (Stream<Path> files = Files.list(DOCS.resolve("benchmarks"))) {
      for (Path page : files.filter(file -> file.toString().endsWith(".md")).toList()) {
        measured.append(Files.readString(page)).append('\n');
      }
    }
    Set<String> known =
        all(FIGURE, 0, measured.toString()).stream()
            .map(figure -> figure.replace(",", ""))
            .collect(Collectors.toSet());
    List<String> copied =
        all(FIGURE_IN_CELL, 0, Files.readString(DOCS.resolve("choosing.md"))).stream()
            .map(figure -> figure.replace(",", ""))
            .toList();
    assertThat(copied).hasSizeGreaterThan(40);
    assertThat(known).containsAll(copied);
  }

  @Test
  void waysThroughTheCodeNameExistingFilesAndMethods() throws Exception {
    List<Path> sources = sources();
    List<MatchResult> rows =
        ROW_OF_A_WAY
            .matcher(Files.readString(DOCS.resolve("reading-the-code.md")))
            .results()
            .toList();
    assertThat(rows).hasSizeGreaterThan(40);
    for (MatchResult row : rows) {
      Path end = Path.of(row.group(1));
      List<Path> files = sources.stream().filter(file -> file.endsWith(end)).toList();
      assertThat(files).as(row.group(1)).hasSize(1);
      assertThat(Files.readString(files.getFirst()))
          .as(row.group())
          .containsPattern(
              " " + row.group(2) + "\\([^;]*?\\{|@Override\\s.* " + row.group(2) + "\\(");
    }
  }

  /** The Java files of the modules that users get. */
  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("pipeline-core", "stages", "kafka-loop")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
        files.forEach(sources::add);
      }
    }
    return sources;
  }

  private static List<String> all(Pattern pattern, int group, String text) {
    return pattern.matcher(text).results().map((MatchResult found) -> found.group(group)).toList();
  }
}
