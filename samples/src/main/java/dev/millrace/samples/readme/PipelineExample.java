package dev.millrace.samples.readme;

import dev.millrace.context.Context;
import dev.millrace.stages.channel.Stages;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** A pipeline with a separate error channel. */
public final class PipelineExample {

  private PipelineExample() {}

  /** Parses the lines; prints the lines that cannot be parsed; gives up after a while. */
  public static long sum(List<String> lines) throws InterruptedException, ExecutionException {
    long[] sum = {0};
    // doc:begin
    try (var context = Context.background().withTimeout(Duration.ofSeconds(10));
        var group = TaskGroup.open(context)) {
      var source = Stages.<String>producer(group, lines);
      var parsed = Stages.<String, Long>step(group, "parse", source, 8, Long::parseLong);
      Stages.<Long>sink(
          group,
          parsed.values(),
          parsed.errors(),
          value -> sum[0] += value,
          failure -> System.err.println(failure));
    }
    // doc:end
    return sum[0];
  }
}
