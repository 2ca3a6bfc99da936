package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rows of {@code docs/operators.md} are counted, and name methods that exist. */
class OperatorsTableTest {

  private static final Path PAGE = Path.of("../docs/operators.md");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final List<String> PACKAGES =
      List.of("pipeline", "stages", "service", "sync", "channel", "context");

  private record Row(String elsewhere, String here) {
    boolean isCombined() {
      return here.startsWith("combined: ");
    }

    boolean isMissing() {
      return here.startsWith("not there: ");
    }

    boolean isOneCall() {
      return !isCombined() && !isMissing();
    }
  }

  private static List<Row> rows() throws IOException {
    return Files.readAllLines(PAGE).stream()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| elsewhere |"))
        .map(line -> line.substring(2, line.length() - 2).split(" \\| "))
        .map(cells -> new Row(cells[0], cells[1]))
        .toList();
  }

  @Test
  void rowsAreCounted() throws Exception {
    List<Row> rows = rows();
    long one = rows.stream().filter(Row::isOneCall).count();
    assertThat(one).isGreaterThanOrEqualTo(58);
    assertThat(Files.readString(PAGE))
        .contains(
            "Of %d rows, one call: %d, combined: %d, not there: %d."
                .formatted(
                    rows.size(),
                    one,
                    rows.stream().filter(Row::isCombined).count(),
                    rows.stream().filter(Row::isMissing).count()));
  }

  /** Each row of one call names at least one method of the library, and all its names exist. */
  @TestFactory
  Stream<DynamicTest> namesExist() throws Exception {
    return rows().stream()
        .map(row -> DynamicTest.dynamicTest(row.elsewhere(), () -> checkNames(row)));
  }

  private static void checkNames(Row row) {
    Matcher names = CODE.matcher(row.here());
    int found = 0;
    while (names.find()) {
      String name = names.group(1).replaceAll("\\(.*\\)", "");
      if (name.matches("[A-Z_]+")) {
        continue; // a constant
      }
      assertThat(exists(name)).as("%s, in the row of %s", name, row.elsewhere()).isTrue();
      found++;
    }
    if (row.isOneCall()) {
      assertThat(found).as("names in the row of %s", row.elsewhere()).isPositive();
    }
  }

  private static boolean exists(String name) {
    int dot = name.indexOf('.');
    if (dot >= 0) {
      return type(name.substring(0, dot)).anyMatch(of -> has(of, name.substring(dot + 1)));
    }
    return Character.isUpperCase(name.charAt(0))
        ? type(name).findAny().isPresent()
        : has(Pipe.class, name) || has(Source.Cursor.class, name);
  }

  private static Stream<Class<?>> type(String name) {
    return PACKAGES.stream()
        .flatMap(
            each -> {
              try {
                return Stream.of(Class.forName("dev.millrace." + each + "." + name));
              } catch (ClassNotFoundException e) {
                return Stream.empty();
              }
            });
  }

  private static boolean has(Class<?> type, String method) {
    return Arrays.stream(type.getMethods()).anyMatch(each -> each.getName().equals(method));
  }
}
