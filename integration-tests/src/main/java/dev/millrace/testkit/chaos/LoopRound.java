package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.testkit.chaos.Knobs.Knob;
import dev.millrace.testkit.chaos.LetterLookup.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A round of our own faces: their program, and the bounds that they promise. */
final class LoopRound {

  private static final List<String> JVM =
      List.of("-Dlogback.configurationFile=dev/millrace/testkit/chaos/worker-logback.xml");

  private LoopRound() {}

  static RoundResult run(Plan plan, Brokers brokers, Path directory, String face, Defect defect)
      throws Exception {
    Map<String, String> settings = new HashMap<>();
    settings.put("face", face);
    settings.put("defect", defect.name().toLowerCase(Locale.ROOT));
    settings.put("slowest", "1500");
    settings.put("batch", Plans.batch(plan.seed(), face));
    settings.put("seed", Long.toString(plan.seed()));
    Knobs knobs = Plans.knobs(plan);
    settings.put("knobs", knobs.toString());
    if (!knobs.reset().isEmpty()) {
      settings.put(Program.RESET, knobs.reset());
    }
    settings.put("deaf", knobs.has(Knob.DEAF) ? "0.001" : "0");
    if (knobs.has(Knob.SKIP)) {
      settings.put(Program.SKIPS, "true");
    }
    if (Face.producesAtLeastOnce(face)) {
      settings.put(Program.PRODUCES, "true");
    }
    return Round.run(plan, brokers, directory, program(settings), bounds(plan, face, defect));
  }

  /** The program of workers that run one of our faces, as the settings say. */
  static Program program(Map<String, String> settings) {
    return new Program(
        LoopSubject.class.getName(), settings, JVM, LoopRound::position, id -> "record-" + id);
  }

  private static Position position(ConsumerRecord<byte[], byte[]> letter) {
    return new Position(
        Integer.parseInt(header(letter, DeadLetterHeaders.PARTITION)),
        Long.parseLong(header(letter, DeadLetterHeaders.OFFSET)));
  }

  private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  /**
   * The bounds that hold in a round. For a planted defect, the waits are shorter. On a busy machine
   * a worker may then be too slow, so other defects are not taken for a lack of polls or progress.
   */
  private static Bounds bounds(Plan plan, String face, Defect defect) {
    int patience = defect == Defect.NONE ? 2 : 1;
    Set<Invariant> checked = EnumSet.allOf(Invariant.class);
    if (defect != Defect.NONE && defect != Defect.STOPS_POLLING) {
      checked.remove(Invariant.KEEPS_POLLING);
    }
    if (defect != Defect.NONE && defect != Defect.STANDS_STILL) {
      checked.remove(Invariant.PROGRESS);
    }
    boolean isPipeline = Face.isPipeline(face);
    boolean atLeastOnce = Face.producesAtLeastOnce(face);
    return new Bounds(
        plan.guarantee(),
        // A pipeline may still run records of an earlier ownership: the order of outputs counts.
        isPipeline || atLeastOnce ? Ordering.UNORDERED : plan.ordering(),
        // A loop produces in the order of a partition, whatever the order of its handlers.
        isPipeline ? plan.ordering() : Ordering.PARTITION,
        Worker.ATTEMPTS,
        false,
        // The work of a record lasts until the broker has acknowledged its output.
        atLeastOnce ? Integer.MAX_VALUE : plan.concurrency(),
        Plans.knobs(plan).has(Knob.BATCHES) ? Knobs.BATCH : 1,
        64 << 20,
        // A revoke, a commit, and a request for the committed offsets, one after the other.
        Duration.ofSeconds(6).multipliedBy(patience),
        Duration.ofSeconds(10).multipliedBy(patience),
        Duration.ofSeconds(10).multipliedBy(patience),
        Duration.ofSeconds(10), // a session and a rebalance
        500, // twice commitEvery, plus one poll
        500,
        face.startsWith(Face.RETRY_TOPICS),
        Plans.knobs(plan).has(Knob.LETTER_TOPIC),
        checked);
  }
}
