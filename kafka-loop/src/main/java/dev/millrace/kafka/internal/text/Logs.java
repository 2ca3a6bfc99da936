package dev.millrace.kafka.internal.text;

/** The names of the loggers that applications configure; listed in docs/kafka-observability.md. */
public final class Logs {

  /** Records that fail, and dead letters. */
  public static final String RECORDS = "dev.millrace.kafka.records";

  /** Everything else that a loop survives or does. */
  public static final String LOOP = "dev.millrace.kafka.loop";

  private Logs() {}
}
