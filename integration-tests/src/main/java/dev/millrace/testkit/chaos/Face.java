package dev.millrace.testkit.chaos;

import java.util.Set;

/** A consumer loop that a worker can run: one for each way to consume. */
interface Face {

  /** The loop on channels, with a retry topic; with a suffix, a loop on Reactor. */
  String RETRY_TOPICS = "retry-topics";

  /** A pipeline on channels that produces at least once; with a suffix, on Reactor. */
  String PRODUCING = "producing";

  /** A loop that an application writes over {@code ChannelConsumer}; with a suffix, on Reactor. */
  String MESSAGES = "messages";

  /** The face for the value of {@code face=…}. */
  static Face of(String name, Worker worker) throws Exception {
    return switch (name) {
      case "channel",
          "reactor",
          "reactor-blocking",
          RETRY_TOPICS,
          RETRY_TOPICS + "-reactor",
          RETRY_TOPICS + "-reactor-blocking" ->
          new LoopFace(name, worker);
      case "pipeline", "pipeline-reactor", PRODUCING, PRODUCING + "-reactor" ->
          new PipelineFace(name, worker);
      case MESSAGES, MESSAGES + "-reactor" -> new MessageFace(name, worker);
      case "naive" -> new NaiveFace(worker);
      case "share" -> new ShareFace(worker);
      default -> throw new IllegalArgumentException("there is no face " + name);
    };
  }

  /** Whether the face can produce exactly once. */
  static boolean canProduceExactlyOnce(String name) {
    return Set.of(Plans.FACES).contains(name);
  }

  /** Whether the face is a loop of the library, which has knobs. */
  static boolean isLoop(String name) {
    return name.startsWith("channel")
        || name.startsWith("reactor")
        || name.startsWith(RETRY_TOPICS);
  }

  /** Whether the face is a pipeline that produces exactly once. */
  static boolean isPipeline(String name) {
    return name.startsWith("pipeline");
  }

  /** Whether the face is a pipeline that produces at least once. */
  static boolean producesAtLeastOnce(String name) {
    return name.startsWith(PRODUCING);
  }

  /**
   * Consumes until the process gets SIGTERM, and then closes.
   *
   * @return the exit status of the process
   */
  int run() throws Exception;
}
