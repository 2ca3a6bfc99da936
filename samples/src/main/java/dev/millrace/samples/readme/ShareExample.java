package dev.millrace.samples.readme;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.share.ShareLoop;
import java.time.Duration;
import java.util.Map;

/** A topic as a queue of jobs. */
public final class ShareExample {

  private ShareExample() {}

  /** A loop whose records have no order, and may take long. */
  public static ShareLoop<String, String> loop(
      Map<String, Object> kafka, RecordHandler<String, String> handler) {
    // doc:begin
    var loop =
        ShareLoop.<String, String>builder()
            .properties(kafka) // group.id is the name of the share group
            .topics("mails")
            .concurrency(16)
            .lookAhead(64) // in records, for each consumer
            .consumers(2) // a slow mail holds up only one of them
            .retry(3, Backoff.fixed(Duration.ofMillis(200))) // with a renewed lock
            .redeliver(2) // then once more, by any member
            .deadLetterTopic("mails.dead")
            .handler(handler)
            .build();
    // doc:end
    return loop;
  }
}
