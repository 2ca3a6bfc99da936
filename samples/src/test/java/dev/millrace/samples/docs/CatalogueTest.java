package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every system of the notes has its section in the guide for Go programmers: with its id and title
 * as the heading, a snippet, and a line that says when not to use the answer.
 */
class CatalogueTest {

  private static final Path ROWS = Path.of("src/test/resources/systems-of-the-notes.txt");
  private static final Path INDEX = Path.of("../docs/from-go.md");
  private static final Path PAGES = Path.of("../docs/from-go");
  private static final Pattern SECTION =
      Pattern.compile("^## (S\\d\\d) (.*)\n((?s:.*?))(?=^## |\\z)", Pattern.MULTILINE);
  private static final int MAX_LINES = 1_000;

  private record Section(String page, String title, String text) {}

  /** Id and title of the rows, in their order. */
  private static Map<String, String> rows() throws IOException {
    Map<String, String> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(ROWS)) {
      if (!line.startsWith("#")) {
        rows.put(line.substring(0, 3), line.substring(4));
      }
    }
    return rows;
  }

  private static Map<String, String> rows(boolean later) throws IOException {
    var rows = rows();
    rows.values().removeIf(title -> title.startsWith("later: ") != later);
    return rows;
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(PAGES)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
  }

  /** By id; an id with two sections is refused. */
  private static Map<String, Section> sections() throws IOException {
    Map<String, Section> sections = new TreeMap<>();
    for (Path page : pages()) {
      Matcher matcher = SECTION.matcher(Files.readString(page));
      while (matcher.find()) {
        var section =
            new Section(page.getFileName().toString(), matcher.group(2), matcher.group(3));
        assertThat(sections.put(matcher.group(1), section))
            .as("a second section of %s", matcher.group(1))
            .isNull();
      }
    }
    return sections;
  }

  @Test
  void catalogueIsComplete() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 1; i <= 60; i++) {
      ids.add("S%02d".formatted(i));
    }
    assertThat(rows().keySet()).containsExactlyElementsOf(ids);
  }

  @Test
  void everyRowHasItsSection() throws Exception {
    var sections = sections();
    assertThat(sections.keySet()).containsExactlyElementsOf(new TreeMap<>(rows(false)).keySet());
    rows(false).forEach((id, title) -> assertThat(sections.get(id).title()).isEqualTo(title));
  }

  @Test
  void everySectionHasASnippetAndSaysWhenNotToUseIt() throws Exception {
    sections()
        .forEach(
            (id, section) -> {
              assertThat(section.text()).as(id).contains("```java\n");
              assertThat(section.text()).as(id).contains("**In Go:**");
              assertThat(section.text()).as(id).contains("**Not when:**");
            });
  }

  /** A row that is marked 'later' stays in the index, without a link. */
  @Test
  void indexLinksEverySection() throws Exception {
    String index = Files.readString(INDEX);
    sections()
        .forEach(
            (id, section) ->
                assertThat(index)
                    .contains(
                        "| %s | [%s](from-go/%s#%s) |"
                            .formatted(
                                id,
                                section.title(),
                                section.page(),
                                anchor(id + " " + section.title()))));
    rows(true)
        .forEach(
            (id, title) ->
                assertThat(index)
                    .contains("| %s | %s |".formatted(id, title.substring("later: ".length()))));
  }

  /** As GitHub makes it of a heading. */
  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 -]", "").replace(' ', '-');
  }

  @Test
  void pagesAreShort() throws Exception {
    for (Path page : pages()) {
      assertThat(Files.readAllLines(page)).as(page.toString()).hasSizeLessThan(MAX_LINES);
    }
  }
}
