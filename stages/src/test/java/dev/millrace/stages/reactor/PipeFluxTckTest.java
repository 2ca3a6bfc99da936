package dev.millrace.stages.reactor;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.util.stream.LongStream;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;

/**
 * The rules of Reactive Streams for publishers (§1, §3), for a pipeline with threads of its own.
 */
@Test
public class PipeFluxTckTest extends PublisherVerification<Long> {

  /** Short waits: the kit waits this long to check that nothing happens. */
  public PipeFluxTckTest() {
    super(new TestEnvironment(10_000, 50, 50), 500);
  }

  @Override
  public Publisher<Long> createPublisher(long elements) {
    Source<Long> numbers = Source.of(() -> LongStream.range(0, elements).iterator());
    return Fluxes.asFlux(Pipe.from(numbers).map("id", x -> x).mapParallel("parallel", 2, x -> x));
  }

  @Override
  public Publisher<Long> createFailedPublisher() {
    Source<Long> broken =
        context -> {
          throw new IOException("broken");
        };
    return Fluxes.asFlux(Pipe.from(broken));
  }
}
