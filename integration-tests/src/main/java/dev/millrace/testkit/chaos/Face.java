package dev.millrace.testkit.chaos;

/** A consumer loop that a worker can run: one for each way to consume. */
interface Face {

  /** The face for the value of {@code face=…}. */
  static Face of(String name, Worker worker) throws Exception {
    return switch (name) {
      case "channel", "reactor", "reactor-blocking" -> new LoopFace(name, worker);
      case "naive" -> new NaiveFace(worker);
      default -> throw new IllegalArgumentException("there is no face " + name);
    };
  }

  /** Whether the face can produce exactly once. */
  static boolean canProduceExactlyOnce(String name) {
    return name.equals("channel");
  }

  /**
   * Consumes until the process gets SIGTERM, and then closes.
   *
   * @return the exit status of the process
   */
  int run() throws Exception;
}
