package dev.millrace.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Fails a test that leaves something behind: a platform or virtual thread, a run of a {@link
 * Probe}, or a resource that the test has registered with {@link Leaks}.
 *
 * <pre>{@code
 * @NoLeaks
 * class OrdersTest {
 *   @Test
 *   void runClosesItsConnection(Leaks leaks) {
 *     AutoCloseable connection = leaks.resource("connection");
 *     …
 *   }
 * }
 * }</pre>
 *
 * <p>Checked after each test and its {@code @AfterEach} methods, and after all tests of the class
 * and its {@code @AfterAll} methods. Threads get {@link #grace} to end. The failure names each
 * thread with its stack, and each open run with {@link dev.millrace.pipeline.Run#explain}; open
 * runs are closed.
 *
 * <p>Threads of the JDK's and of Reactor's shared pools are no leaks, and neither are threads that
 * lived before the test. Tests that run at the same time in one JVM see each other's threads: run a
 * class with this annotation alone, by JUnit's {@code @Isolated}.
 *
 * <p>Cost: a list of all threads, some milliseconds for each test. Without {@code
 * --add-exports=java.base/jdk.internal.vm=ALL-UNNAMED} among the arguments of the JVM, each list is
 * a thread dump into a temporary file.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(LeakCheck.class)
public @interface NoLeaks {

  /** Regular expressions for the names of threads that may stay. */
  String[] allow() default {};

  /** The time that threads have to end, in ms. */
  long grace() default 5000;
}
