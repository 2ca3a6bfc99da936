package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.io.IOException;
import java.util.concurrent.Flow;
import java.util.stream.LongStream;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.Test;

/** The rules of Reactive Streams for publishers (§1, §3), over a run for each subscription. */
@Test
public class PipePublisherTckTest extends FlowPublisherVerification<Long> {

  /** Short waits: the kit waits this long to check that nothing happens. */
  public PipePublisherTckTest() {
    super(new TestEnvironment(10_000, 50, 50), 200);
  }

  @Override
  public Flow.Publisher<Long> createFlowPublisher(long elements) {
    return Pipe.from(Source.<Long>stream(() -> LongStream.range(0, elements).boxed()))
        .map("same", element -> element)
        .publisher(new LoopEngine(), Context.background());
  }

  @Override
  public Flow.Publisher<Long> createFailedFlowPublisher() {
    return Pipe.from(
            Source.<Long>generate(
                () -> {
                  throw new IOException("failed");
                }))
        .publisher(new LoopEngine(), Context.background());
  }
}
