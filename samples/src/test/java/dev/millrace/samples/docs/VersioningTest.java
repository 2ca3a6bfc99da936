package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The page about versions names the packages that are API, and the versions that are tested. */
class VersioningTest {

  private static final Path PAGE = Path.of("../docs/versioning.md");
  private static final Path POM = Path.of("../pom.xml");
  private static final Pattern PACKAGE = Pattern.compile("`(dev\\.millrace\\.[a-z.]+)`");

  /** The directory of the sources of each artifact. */
  static final Map<String, String> ARTIFACTS =
      Map.of(
          "millrace-errors", "errors",
          "millrace-pipeline-core", "pipeline-core",
          "millrace-stages", "stages",
          "millrace-test", "stages/test",
          "millrace-kafka-loop", "kafka-loop",
          "millrace-kafka-test", "integration-tests/kafka-test",
          "millrace-conformance", "pipeline-core/conformance");

  /** The property of the POM that has the version of each library. */
  static final Map<String, String> LIBRARIES =
      Map.of(
          "Java", "maven.compiler.release",
          "`kafka-clients`", "kafka.version",
          "`reactor-kafka`", "reactor-kafka.version",
          "`failsafe`", "failsafe.version",
          "`slf4j-api`", "slf4j.version",
          "`jackson-core`", "jackson.version",
          "`micrometer-core`", "micrometer.version",
          "`opentelemetry-api`", "opentelemetry.version",
          "`testcontainers-kafka`", "testcontainers.version",
          "JUnit", "junit.version");

  static Stream<String> artifacts() {
    return ARTIFACTS.keySet().stream().sorted();
  }

  static Stream<String> libraries() {
    return LIBRARIES.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("artifacts")
  void packagesAreThoseOfTheSources(String artifact) throws Exception {
    assertThat(named(artifact)).isEqualTo(exported(ARTIFACTS.get(artifact)));
  }

  private static Set<String> named(String artifact) throws IOException {
    Set<String> packages = new TreeSet<>();
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("| `" + artifact + "` |")) {
        Matcher matcher = PACKAGE.matcher(line);
        while (matcher.find()) {
          packages.add(matcher.group(1));
        }
      }
    }
    return packages;
  }

  /** All packages with a public type, without the internal ones. */
  private static Set<String> exported(String directory) throws IOException {
    Path sources = Path.of("..", directory, "src/main/java");
    Set<String> packages = new TreeSet<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        String name = sources.relativize(file.getParent()).toString().replace('/', '.');
        boolean isPublic =
            Files.readString(file).lines().anyMatch(line -> line.startsWith("public "));
        if (isPublic && !name.contains("internal")) {
          packages.add(name);
        }
      }
    }
    return packages;
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void testedVersionIsTheOneOfTheBuild(String library) throws Exception {
    String property = LIBRARIES.get(library);
    String version = first(POM, "<%s>(.*)</%s>".formatted(property, property));
    assertThat(first(PAGE, "\\| %s \\| ([^ ]+) \\|".formatted(library))).isEqualTo(version);
  }

  @Test
  void versionOfReactorIsTheOneOfTheBom() throws Exception {
    String bom = first(POM, "<reactor-bom.version>(.*)</reactor-bom.version>");
    assertThat(Files.readString(PAGE)).contains("of the Reactor BOM " + bom);
    assertThat(reactor.core.publisher.Flux.class.getPackage().getImplementationVersion())
        .isEqualTo(first(PAGE, "\\| `reactor-core` \\| ([^ ]+) \\|"));
  }

  private static String first(Path file, String pattern) throws IOException {
    Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(file));
    assertThat(matcher.find()).as("%s in %s", pattern, file).isTrue();
    return matcher.group(1);
  }
}
