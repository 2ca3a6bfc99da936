package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** The common part of the tests of the free functions, on either face. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class FaceTheme {

  private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());

  abstract Face face();

  @BeforeEach
  void watchThreads() {
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
  }

  @AfterEach
  void noThreadThrew() {
    Thread.setDefaultUncaughtExceptionHandler(null);
    assertThat(uncaught).isEmpty();
  }

  static Iterable<Integer> numbers(int n) {
    return () -> IntStream.range(0, n).iterator();
  }

  @SuppressWarnings("UnnecessaryLambda")
  static Iterable<Integer> endless() {
    return () -> IntStream.iterate(0, i -> i + 1).iterator();
  }

  static void blockForEver() throws InterruptedException {
    new CountDownLatch(1).await();
  }
}
