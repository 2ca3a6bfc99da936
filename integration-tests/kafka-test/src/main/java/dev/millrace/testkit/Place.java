package dev.millrace.testkit;

/**
 * The place of the broker of tests.
 *
 * <p>The system property {@code kafka.place} sets the place ({@code process}, {@code docker},
 * {@code external}); with {@code kafka.bootstrap} the place is external. Without both it is Docker,
 * if an engine answers and has an image of Kafka, or else a child process.
 */
public enum Place {
  /** A child process, from the jars on the class path; see {@link LocalBroker}. */
  PROCESS,
  /** A container of the local Docker engine; see {@link DockerBroker}. */
  DOCKER,
  /** An existing broker, at the addresses of the system property {@code kafka.bootstrap}. */
  EXTERNAL
}
