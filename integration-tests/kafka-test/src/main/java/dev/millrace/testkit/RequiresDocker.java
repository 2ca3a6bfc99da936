package dev.millrace.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks tests that start a {@link DockerBroker}. They run if an engine answers and has an image of
 * Kafka. Otherwise JUnit skips them, and prints the reason on one line. They are also skipped if
 * {@code kafka.place} chooses another place. If it is {@code docker}, the tests fail instead of
 * being skipped. Tagged {@code docker}.
 */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Tag("docker")
@ExtendWith(DockerCondition.class)
public @interface RequiresDocker {}
