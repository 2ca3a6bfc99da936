package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

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

/**
 * Every text that the page of symptoms quotes stands in the sources, so that a search for it finds
 * the place. An ellipsis in a quotation stands for a part that differs each time; the parts between
 * the ellipses are compared.
 */
class TroubleshootingTest {

  private static final Path PAGE = Path.of("../docs/troubleshooting.md");

  private static final List<String> MODULES =
      List.of(
          "errors",
          "pipeline-core",
          "pipeline-core/conformance",
          "stages",
          "kafka-loop",
          "integration-tests/kafka-test");

  private static final Pattern ENTRY = Pattern.compile("^### `(.+)`$", Pattern.MULTILINE);
  private static final Pattern SECTION =
      Pattern.compile("^### (.+)\n((?s:.*?))(?=^##|\\z)", Pattern.MULTILINE);

  /** Two literals that are added, also across lines, are one text. */
  private static final Pattern JOINED = Pattern.compile("\"\\s*\\+\\s*\"");

  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");

  /** A part that the code fills in. */
  private static final String FILLED_IN = "%n|%[-0-9,.]*[sdSx]|\\{\\}";

  private static final int SHORTEST_PART = 4;
  private static final int ENTRIES = 25;

  /** The fixed parts of all texts: string literals in Java, and elements of the POM. */
  private static Set<String> sources() throws IOException {
    Set<String> texts = new HashSet<>();
    for (String module : MODULES) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src/main/java"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          Matcher literal = LITERAL.matcher(JOINED.matcher(Files.readString(file)).replaceAll(""));
          while (literal.find()) {
            texts.add(literal.group(1).replace("\\\"", "\"").replaceAll(FILLED_IN, "…"));
          }
        }
      }
    }
    for (String file : List.of("../pom.xml", "../.ci/Format.java")) {
      texts.add(Files.readString(Path.of(file)));
    }
    return texts;
  }

  private static List<String> quotations() throws IOException {
    List<String> quotations = new ArrayList<>();
    Matcher entry = ENTRY.matcher(Files.readString(PAGE));
    while (entry.find()) {
      quotations.add(entry.group(1));
    }
    return quotations;
  }

  /** The parts of a quotation that are long enough to be compared. */
  private static List<String> parts(String quotation) {
    return Stream.of(quotation.split("…"))
        .map(String::strip)
        .filter(part -> part.length() >= SHORTEST_PART)
        .toList();
  }

  @Test
  void everyQuotedTextIsInTheSources() throws Exception {
    Set<String> sources = sources();
    List<String> missing = new ArrayList<>();
    for (String quotation : quotations()) {
      for (String part : parts(quotation)) {
        if (sources.stream().noneMatch(text -> text.contains(part))) {
          missing.add("'%s' of: %s".formatted(part, quotation));
        }
      }
    }
    assertThat(missing).as("texts that no code says any more").isEmpty();
  }

  /** Else a quotation of ellipses would be found everywhere. */
  @Test
  void everyQuotationHasATextToCompare() throws Exception {
    assertThat(quotations()).hasSizeGreaterThanOrEqualTo(ENTRIES).doesNotHaveDuplicates();
    assertThat(quotations())
        .allSatisfy(
            quotation ->
                assertThat(parts(quotation).stream().mapToInt(String::length).sum())
                    .as(quotation)
                    .isGreaterThan(15));
  }

  @Test
  void everyEntryHasACauseAndACure() throws Exception {
    Matcher section = SECTION.matcher(Files.readString(PAGE));
    int entries = 0;
    while (section.find()) {
      if (section.group(1).startsWith("`")) {
        assertThat(section.group(2))
            .as(section.group(1))
            .contains("**Cause.** ")
            .contains("**Cure.** ");
        entries++;
      }
    }
    assertThat(entries).isEqualTo(quotations().size());
  }
}
