package dev.millrace.sync;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Producer;
import dev.millrace.context.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.stream.LongStream;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** The rules of Reactive Streams for publishers (§1, §3), over a channel that a generator feeds. */
@Test
public class PublisherTckTest extends FlowPublisherVerification<Long> {

  private final List<AutoCloseable> open = new ArrayList<>();
  private TaskGroup group = TaskGroup.open(Context.background());

  /** Short waits: the kit waits this long to check that nothing happens. */
  public PublisherTckTest() {
    super(new TestEnvironment(10_000, 50, 50), 200);
  }

  /** A group per rule, because some rules are about failures that break the group. */
  @BeforeMethod
  public void openGroup() {
    group = TaskGroup.open(Context.background());
  }

  /** No thread outlives its rule. */
  @AfterMethod
  public void closeGroup() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
    open.clear();
    group.close();
  }

  @Override
  public Flow.Publisher<Long> createFlowPublisher(long elements) {
    Producer<Long> producer = Producer.from(() -> LongStream.range(0, elements).iterator());
    Generator<Long> generator = Generator.open(Context.background(), 4, producer);
    open.add(generator);
    return Bridges.publisher(group, generator.channel());
  }

  @Override
  public Flow.Publisher<Long> createFailedFlowPublisher() {
    Channel<Long> failed = Channel.rendezvous();
    failed.close(new IOException("failed"));
    return Bridges.publisher(group, failed);
  }

  private static void skipMulticast() {
    throw new SkipException("each element goes to one subscriber: this is no multicast");
  }

  @Override
  public void
      optional_spec111_multicast_mustProduceTheSameElementsInTheSameSequenceToAllOfItsSubscribersWhenRequestingOneByOne() {
    skipMulticast();
  }

  @Override
  public void
      optional_spec111_multicast_mustProduceTheSameElementsInTheSameSequenceToAllOfItsSubscribersWhenRequestingManyUpfront() {
    skipMulticast();
  }

  @Override
  public void
      optional_spec111_multicast_mustProduceTheSameElementsInTheSameSequenceToAllOfItsSubscribersWhenRequestingManyUpfrontAndCompleteAsExpected() {
    skipMulticast();
  }
}
