package dev.millrace.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * For tests that start a {@link DockerBroker}: they run where an engine answers and has an image of
 * Kafka, and are skipped elsewhere, which is said on one line. They are skipped, too, where {@code
 * kafka.place} says that the tests have their broker elsewhere; where it says {@code docker}, they
 * fail instead of being skipped. Tagged {@code docker}.
 */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Tag("docker")
@ExtendWith(DockerCondition.class)
public @interface RequiresDocker {}
