package com.example;

import dev.millrace.channel.Schedule;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.DeadLetterFile;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A program with nothing but millrace-stages on its class path. */
public final class Orders {
  private Orders() {}

  public static void main(String[] args) throws Exception {
    List<Failure<?>> failures = new CopyOnWriteArrayList<>();
    Pipeline<Long> job =
        Pipe.from(Source.of(List.of("12", "x", "30")))
            .map("parse", Long::parseLong)
            .mapParallel("double", 4, cents -> cents * 2)
            .to(Sink.fold(() -> 0L, Long::sum));
    long sum = job.start(Engine.channels(), Context.background(), failures::add).join();
    check(sum == 84, "the sum is 84, was " + sum);
    check(failures.size() == 1, "one failure, were " + failures);

    needs(
        "io.projectreactor:reactor-core",
        () -> job.start(Engine.reactor(), Context.background(), failures::add));
    needs("com.cronutils:cron-utils", () -> Schedule.cron("0 14 * * TUE", ZoneOffset.UTC));
    needs(
        "com.fasterxml.jackson.core:jackson-core",
        () -> DeadLetterFile.json(Path.of("target", "dead.jsonl")));
    System.out.println("class path: all as it should be");
  }

  private interface Call {
    Object call() throws Exception;
  }

  /** The message about an absent optional library names the artifact to add. */
  private static void needs(String artifact, Call call) throws Exception {
    try {
      Object made = call.call();
      throw new AssertionError(artifact + " is absent, but there is " + made);
    } catch (IllegalStateException e) {
      check(String.valueOf(e.getMessage()).contains(artifact), artifact + " is not named by " + e);
    }
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
