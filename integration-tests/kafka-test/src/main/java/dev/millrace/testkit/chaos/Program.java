package dev.millrace.testkit.chaos;

import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The program of the workers of a round. Immutable.
 *
 * @param subject the name of the class of the {@link Subject}
 * @param settings the settings of the workers that the plan does not give
 * @param jvm additional arguments for the JVM of each worker
 * @param letters finds the position of a dead letter's record; null if the workers have no dead
 *     letters
 * @param values the value of each record, by its number from 0
 */
record Program(
    String subject,
    Map<String, String> settings,
    List<String> jvm,
    @Nullable LetterLookup letters,
    LongFunction<String> values) {

  /** A setting of programs that need a topic for outputs, and do not produce exactly once. */
  static final String PRODUCES = "produces";

  /** Kafka's setting of the place where a group begins that has committed nothing. */
  static final String RESET = "kafka.auto.offset.reset";

  /** A setting of programs that skip marked records. The traffic then marks some records. */
  static final String SKIPS = "skips";

  Program {
    settings = Map.copyOf(settings);
    jvm = List.copyOf(jvm);
  }
}
