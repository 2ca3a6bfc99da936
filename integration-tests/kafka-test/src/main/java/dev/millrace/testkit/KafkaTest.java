package dev.millrace.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the tests of a class a real Kafka broker; see {@link KafkaExtension} for the parameters of
 * the tests, and {@link Place} for where the broker is.
 */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(KafkaExtension.class)
public @interface KafkaTest {

  /** The owner of the broker. All classes always share an external broker. Default: the run. */
  Owner owner() default Owner.RUN;

  /** The owner of a broker. */
  enum Owner {
    /** All test classes of the run share it, also classes that run at the same time. */
    RUN,
    /** The class, with its nested classes, has a broker of its own. */
    CLASS
  }
}
