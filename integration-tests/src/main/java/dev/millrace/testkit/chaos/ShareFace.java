package dev.millrace.testkit.chaos;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.channel.LoopProcess;
import dev.millrace.kafka.share.ShareLoop;
import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.Map;

/** The loop over a share group. */
final class ShareFace implements Face {

  private final Worker worker;

  ShareFace(Worker worker) {
    this.worker = worker;
  }

  @Override
  public int run() throws Exception {
    WorkerSettings settings = worker.settings;
    Map<String, Object> properties = settings.kafka();
    int allowed = settings.number("concurrency");
    var loop =
        ShareLoop.<String, String>builder()
            .properties(properties)
            .deserializers(new TextDeserializer(), new TextDeserializer())
            .topics(settings.text("topic"))
            .concurrency(worker.defect() == Defect.TOO_MANY_AT_ONCE ? 2 * allowed : allowed)
            .lookAhead(settings.number("lookAhead"))
            .consumers(settings.number("consumers"))
            .redeliver(settings.number("deliveries"))
            .retry(2, Backoff.exponential(Duration.ofMillis(20), Duration.ofMillis(200)))
            .deadLetters(worker::bury)
            .deadLetterBackoff(
                Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(1)).withJitter(0.2))
            .closeTimeout(Duration.ofSeconds(3))
            .drainTimeout(Duration.ofSeconds(2))
            .onError(this::survived)
            .handler(new PlantedHandler(worker))
            .build();
    return LoopProcess.run(loop, Duration.ofSeconds(4));
  }

  private void survived(Exception error) {
    if (!(error instanceof RecordFailedException)) { // these records are in the log already
      worker.log.say(Kind.SURVIVED, -1, -1, error.toString());
    }
  }
}
