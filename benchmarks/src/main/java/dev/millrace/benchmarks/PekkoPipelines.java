package dev.millrace.benchmarks;

import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Graph;
import org.apache.pekko.stream.UniformFanInShape;
import org.apache.pekko.stream.UniformFanOutShape;
import org.apache.pekko.stream.javadsl.Broadcast;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.GraphDSL;
import org.apache.pekko.stream.javadsl.Merge;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/** Pekko Streams; concurrent functions run on the dispatcher of the actors. */
final class PekkoPipelines implements Pipelines {

  private final ActorSystem system =
      ActorSystem.create(
          "peer",
          ConfigFactory.parseString("pekko.loglevel = WARNING").withFallback(ConfigFactory.load()));

  private static Source<Integer, NotUsed> source(int count) {
    return Source.from(new Numbers(count));
  }

  private long count(Source<Integer, NotUsed> source) throws Exception {
    return source
        .runWith(Sink.fold(0L, (arrived, element) -> arrived + 1), system)
        .toCompletableFuture()
        .get();
  }

  @Override
  public long fused(int count) throws Exception {
    return count(
        source(count)
            .map(Numbers::plus)
            .filter(Numbers::isBig)
            .map(Numbers::plus)
            .filter(Numbers::isBig));
  }

  @Override
  public long boundaries(int count, int boundaries) throws Exception {
    Source<Integer, NotUsed> source = source(count);
    for (int i = 0; i < boundaries; i++) {
      source = source.map(Numbers::plus).async();
    }
    return count(source.map(Numbers::plus).addAttributes(Attributes.inputBuffer(BUFFER, BUFFER)));
  }

  @Override
  public long unordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    return count(source(count).mapAsyncUnordered(workers, n -> later(n, function)));
  }

  @Override
  public long ordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    return count(source(count).mapAsync(workers, n -> later(n, function)));
  }

  private CompletableFuture<Integer> later(Integer n, Function<Integer, Integer> function) {
    Executor dispatcher = system.dispatcher();
    return CompletableFuture.supplyAsync(() -> function.apply(n), dispatcher);
  }

  @Override
  public long broadcast(int count, int branches) throws Exception {
    Graph<FlowShape<Integer, Integer>, NotUsed> graph =
        GraphDSL.create(
            builder -> {
              UniformFanOutShape<Integer, Integer> spread =
                  builder.add(Broadcast.<Integer>create(branches));
              UniformFanInShape<Integer, Integer> merge =
                  builder.add(Merge.<Integer>create(branches));
              for (int i = 0; i < branches; i++) {
                Flow<Integer, Integer, NotUsed> branch =
                    Flow.of(Integer.class).map(Numbers::plus).async();
                builder.from(spread.out(i)).via(builder.add(branch)).toInlet(merge.in(i));
              }
              return FlowShape.of(spread.in(), merge.out());
            });
    return count(source(count).via(graph).addAttributes(Attributes.inputBuffer(BUFFER, BUFFER)));
  }

  @Override
  public void close() {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
  }
}
