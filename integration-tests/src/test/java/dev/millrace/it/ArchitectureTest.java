package dev.millrace.it;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameEndingWith;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.share.ShareLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Dependencies between packages point one way: to the left of the list, and to libraries. */
class ArchitectureTest {

  private static final List<String> LEFT_TO_RIGHT =
      List.of(
          "dev.millrace.errors..",
          "dev.millrace.clock..",
          "dev.millrace.channel..",
          "dev.millrace.context..",
          "dev.millrace.sync..",
          "dev.millrace.io..",
          "dev.millrace.service..",
          "dev.millrace.pipeline..",
          "dev.millrace.stages..",
          "dev.millrace.kafka..",
          "dev.millrace.test..",
          "dev.millrace.testkit..");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.millrace");

  @Test
  void everyPackageIsInTheList() {
    classes()
        .that(resideOutsideOfPackages("dev.millrace.it.."))
        .should()
        .resideInAnyPackage(LEFT_TO_RIGHT.toArray(String[]::new))
        .check(CLASSES);
    for (String each : LEFT_TO_RIGHT) {
      Assertions.assertThat(CLASSES.that(resideInAPackage(each))).as(each).isNotEmpty();
    }
  }

  @Test
  void packagesKnowOnlyThoseToTheirLeft() {
    for (int i = 0; i < LEFT_TO_RIGHT.size() - 1; i++) {
      String[] right = LEFT_TO_RIGHT.subList(i + 1, LEFT_TO_RIGHT.size()).toArray(String[]::new);
      noClasses()
          .that(resideInAPackage(LEFT_TO_RIGHT.get(i)))
          .should()
          .dependOnClassesThat(resideInAnyPackage(right))
          .check(CLASSES);
    }
  }

  @Test
  void errorsDependOnNothing() {
    classes()
        .that(resideInAPackage("dev.millrace.errors.."))
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage("dev.millrace.errors..", "java..", "org.jspecify.."))
        .check(CLASSES);
  }

  @Test
  void internalPackagesAreForTheirModule() {
    for (String module : List.of("stages", "kafka")) {
      noClasses()
          .that(resideOutsideOfPackages("dev.millrace." + module + ".."))
          .should()
          .dependOnClassesThat(resideInAPackage("dev.millrace." + module + ".internal.."))
          .check(CLASSES);
    }
  }

  /**
   * A user who compiles against a public type needs every type in its signatures. So an internal
   * type there would be API.
   */
  @Test
  void signaturesOfPublicTypesNameNoInternalType() {
    Assertions.assertThat(Signatures.thatName(CLASSES, "internal"))
        .as("public and protected signatures that name an internal type")
        .isEmpty();
  }

  /** So a test can replace the time of the whole library, and the simulation misses no wait. */
  @Test
  void onlyTheClockReadsTheTimeAndWaitsForATime() {
    noClasses()
        .that(
            resideInAnyPackage(
                LEFT_TO_RIGHT
                    .subList(2, LEFT_TO_RIGHT.indexOf("dev.millrace.test.."))
                    .toArray(String[]::new)))
        .should()
        .callMethodWhere(Clocks.READS_OR_AWAITS)
        .check(CLASSES);
  }

  /** So nobody can change the settings of a consumer or a loop that runs. */
  @Test
  void onlyBuildersWriteSettings() {
    String settings = "dev.millrace.kafka.internal.settings";
    fields()
        .that()
        .areDeclaredInClassesThat(resideInAPackage(settings).and(simpleNameEndingWith("Settings")))
        .should()
        .beFinal()
        .check(CLASSES);
    noClasses()
        .that(
            resideOutsideOfPackages(settings)
                .and(not(assignableTo(ConsumerBuilder.class)))
                .and(not(assignableTo(ShareLoop.Builder.class))))
        .should()
        .setFieldWhere(target(owner(resideInAPackage(settings).and(simpleNameEndingWith("Draft")))))
        .check(CLASSES);
  }

  /** The rooms of the Kafka loop's internals; each knows only those before it. */
  private static final List<String> ROOMS_OF_KAFKA =
      List.of(
          "text",
          "cluster",
          "offsets",
          "properties",
          "report",
          "serde",
          "settings",
          "drafts",
          "partition",
          "start",
          "status",
          "commit",
          "consumer",
          "handling",
          "workers",
          "loop");

  @Test
  void internalRoomsOfKafkaKnowOnlyThoseBeforeThem() {
    String internal = "dev.millrace.kafka.internal.";
    classes()
        .that(resideInAPackage("dev.millrace.kafka.internal.."))
        .should()
        .resideInAnyPackage(ROOMS_OF_KAFKA.stream().map(internal::concat).toArray(String[]::new))
        .check(CLASSES);
    for (int i = 0; i < ROOMS_OF_KAFKA.size() - 1; i++) {
      noClasses()
          .that(resideInAPackage(internal + ROOMS_OF_KAFKA.get(i)))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  ROOMS_OF_KAFKA.subList(i + 1, ROOMS_OF_KAFKA.size()).stream()
                      .map(internal::concat)
                      .toArray(String[]::new)))
          .check(CLASSES);
    }
  }

  @Test
  void onlyTheReactorFacesKnowReactor() {
    noClasses()
        .that(
            resideOutsideOfPackages(
                "..reactor..", "dev.millrace.testkit.chaos")) // it runs all faces
        .should()
        .dependOnClassesThat(resideInAnyPackage("reactor..", "org.reactivestreams.."))
        .check(CLASSES);
  }

  @Test
  void onlyTheMetersKnowMicrometer() {
    noClasses()
        .that(
            resideOutsideOfPackages(
                "dev.millrace.kafka.micrometer", "dev.millrace.stages.micrometer"))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                "io.micrometer..",
                "dev.millrace.kafka.micrometer",
                "dev.millrace.stages.micrometer"))
        .check(CLASSES);
  }

  @Test
  void onlyTracingKnowsOpenTelemetry() {
    noClasses()
        .that(resideOutsideOfPackages("dev.millrace.kafka.tracing.."))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("io.opentelemetry..", "dev.millrace.kafka.tracing.."))
        .check(CLASSES);
  }

  @Test
  void onlyWhoWantsItKnowsTheEndpoint() {
    noClasses()
        .that(resideOutsideOfPackages("dev.millrace.kafka.http"))
        .should()
        .dependOnClassesThat(resideInAPackage("dev.millrace.kafka.http"))
        .check(CLASSES);
  }

  /** The packages of each module, without their common beginning. */
  private static final Map<String, String> MODULES =
      Map.of(
          "errors", "errors..",
          "pipeline-core", "(clock|channel|context|sync|io|service|pipeline)..",
          "millrace-test", "test..",
          "stages", "stages..",
          "kafka-loop", "kafka..",
          "the test libraries", "testkit..");

  /** Of the classes of {@code stages} that all reach each other. This number may only fall. */
  private static final int LARGEST_KNOT_OF_STAGES = 2;

  private static JavaClasses of(String module) {
    return CLASSES.that(resideInAPackage("dev.millrace." + MODULES.get(module)));
  }

  @Test
  void packagesOfAModuleFormNoCycle() {
    int classes = 0;
    for (String module : MODULES.keySet()) {
      classes += of(module).size();
      Assertions.assertThat(Knots.ofPackages(of(module)))
          .as("cycles between packages of %s", module)
          .isEmpty();
    }
    Assertions.assertThat(classes).as("classes in all modules").isEqualTo(CLASSES.size());
  }

  /** A longer file has more than one role: split it by role. */
  private static final int MOST_LINES_OF_A_FILE = 500;

  @Test
  void noJavaFileHasMoreThan500Lines() throws IOException {
    List<Path> sources;
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      sources = files.filter(file -> file.toString().matches(".*/src/.*\\.java")).toList();
    }
    List<String> tooLong = new ArrayList<>();
    for (Path file : sources) {
      int lines = Files.readAllLines(file).size();
      if (lines > MOST_LINES_OF_A_FILE) {
        tooLong.add(file + ": " + lines);
      }
    }
    Assertions.assertThat(sources).as("Java files of all modules").hasSizeGreaterThan(1000);
    Assertions.assertThat(tooLong)
        .as("files with more than %d lines; split them by role", MOST_LINES_OF_A_FILE)
        .isEmpty();
  }

  @Test
  void largestKnotOfStagesDoesNotGrow() {
    List<SortedSet<String>> knots = Knots.ofClasses(of("stages"));
    int largest = knots.isEmpty() ? 0 : knots.getFirst().size();
    Assertions.assertThat(largest)
        .as("the classes that all reach each other, %s", knots)
        .isLessThanOrEqualTo(LARGEST_KNOT_OF_STAGES);
    if (largest < LARGEST_KNOT_OF_STAGES) {
      System.out.println("The largest knot of stages is " + largest + " now: lower the ceiling.");
    }
  }
}
