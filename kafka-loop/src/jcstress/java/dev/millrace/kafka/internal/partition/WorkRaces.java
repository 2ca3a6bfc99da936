package dev.millrace.kafka.internal.partition;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.serde.OutputBuffer;
import dev.millrace.kafka.internal.serde.Serialization;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Records come while others are handled. */
public class WorkRaces {

  private WorkRaces() {}

  /** One record is ready, and two workers want it. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "one has it")
  @Outcome(expect = FORBIDDEN, desc = "both, or none")
  @State
  public static class TwoWorkers {
    private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);

    public TwoWorkers() {
      Records.add(partition, 0);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = partition.takeToHandle() == null ? 0 : 1;
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = partition.takeToHandle() == null ? 0 : 1;
    }
  }

  /** A record is added behind one of its key that is settled by who takes no other. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "seen, or told of")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "seen, and told of")
  @Outcome(expect = FORBIDDEN, desc = "nobody looks: a wake-up is lost")
  @State
  public static class SettleAndAdd {
    private final AtomicInteger signals = new AtomicInteger();
    private final Partition<String, String> partition =
        new Partition<>(
            Records.NAME,
            Ordering.KEY,
            new Deserialization<>(new StringDeserializer(), new StringDeserializer()),
            signals::incrementAndGet);
    private final Delivery<String, String> first;

    public SettleAndAdd() {
      Records.add(partition, 0);
      first = (Delivery<String, String>) Records.take(partition);
      first.begin();
    }

    @Actor
    public void handler() {
      first.settle();
    }

    @Actor
    public void poll(II_Result result) {
      Records.add(partition, 1);
      result.r1 = partition.hasReady() ? 1 : 0;
    }

    @Arbiter
    public void signals(II_Result result) {
      result.r2 = signals.get();
    }
  }

  /** The same, by a worker that takes the next one: it is not told, and must see it itself. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "seen by who adds it, or taken by the worker")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "seen, and taken then")
  @Outcome(expect = FORBIDDEN, desc = "nobody looks: a wake-up is lost")
  @State
  public static class SettleTakeAndAdd {
    private final Partition<String, String> partition = Records.partition(Ordering.KEY);
    private final Delivery<String, String> first;

    public SettleTakeAndAdd() {
      Records.add(partition, 0);
      first = partition.takeToHandle();
    }

    @Actor
    public void worker(II_Result result) {
      first.settle();
      result.r2 = partition.takeToHandle() == null ? 0 : 1;
    }

    @Actor
    public void poll(II_Result result) {
      Records.add(partition, 1);
      result.r1 = partition.hasReady() ? 1 : 0;
    }
  }

  /** The poll thread adds a record, and asks whether to pause, while one is settled. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "1, 0"},
      expect = ACCEPTABLE,
      desc = "full or not, and not when all is settled")
  @Outcome(expect = FORBIDDEN, desc = "it is full of nothing, and paused for ever")
  @State
  public static class ArriveAndPause {
    private static final int TWO = 2;
    private static final int BYTES = 3; // of one record

    private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);
    private final Delivery<String, String> first;

    public ArriveAndPause() {
      Records.add(partition, 0);
      first = (Delivery<String, String>) Records.take(partition);
      first.begin();
    }

    @Actor
    public void handler() {
      first.settle();
    }

    @Actor
    public void poll(II_Result result) {
      Records.add(partition, 1);
      result.r1 = partition.isFull(TWO, TWO, 2 * BYTES) ? 1 : 0;
    }

    @Arbiter
    public void later(II_Result result) {
      Records.take(partition).settle();
      result.r2 = partition.isFull(1, 1, 1) ? 1 : 0;
    }
  }

  /** A handler's helper sends while the handler returns: it is kept, or it is refused. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "kept")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "refused")
  @Outcome(expect = FORBIDDEN, desc = "said to be sent, and in no transaction")
  @State
  public static class SendAndReturn {
    private final OutputBuffer<byte[], byte[]> output =
        new OutputBuffer<>(
            new Serialization<>(new ByteArraySerializer(), new ByteArraySerializer()));

    @Actor
    public void helper(II_Result result) {
      try {
        output.send(new ProducerRecord<>("invoices", new byte[1]));
        result.r1 = 1;
      } catch (IllegalStateException e) {
        result.r1 = 0;
      }
    }

    @Actor
    public void handler(II_Result result) {
      output.close();
      result.r2 = output.records().size();
    }
  }
}
