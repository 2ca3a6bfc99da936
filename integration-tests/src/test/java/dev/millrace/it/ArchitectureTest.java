package dev.millrace.it;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Arrows between packages point one way: to the left of the list, and to libraries. */
class ArchitectureTest {

  private static final List<String> LEFT_TO_RIGHT =
      List.of(
          "dev.millrace.errors..",
          "dev.millrace.channel..",
          "dev.millrace.context..",
          "dev.millrace.sync..",
          "dev.millrace.pipeline..",
          "dev.millrace.stages..",
          "dev.millrace.kafka..",
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

  @Test
  void onlyTheReactorFacesKnowReactor() {
    noClasses()
        .that(
            resideOutsideOfPackages("..reactor..", "dev.millrace.testkit.chaos")) // runs all faces
        .should()
        .dependOnClassesThat(resideInAnyPackage("reactor..", "org.reactivestreams.."))
        .check(CLASSES);
  }

  @Test
  void onlyTheMetersKnowMicrometer() {
    noClasses()
        .that(resideOutsideOfPackages("dev.millrace.kafka.micrometer"))
        .should()
        .dependOnClassesThat(resideInAnyPackage("io.micrometer..", "dev.millrace.kafka.micrometer"))
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
}
