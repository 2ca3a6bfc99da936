package dev.millrace.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the tests of a class a real Kafka broker; see {@link KafkaExtension} for the parameters
 * that they may have, and {@link Place} for where the broker is.
 */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(KafkaExtension.class)
public @interface KafkaTest {

  /** Whose the broker is; an external one is always everybody's. */
  Owner owner() default Owner.RUN;

  /** Whose a broker is. */
  enum Owner {
    /** All test classes of the run share it, those that run at the same time too. */
    RUN,
    /** The class, with those nested in it, has one of its own. */
    CLASS
  }
}
