package dev.millrace.testkit.chaos;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RateLimit;
import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.Knobs.Knob;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.kafka.common.TopicPartition;

/**
 * Turns the knobs of a loop while it runs, in a thread of its own. Each turn is a line of the log.
 * The seed and the name of the worker choose the turns.
 */
final class Turning implements AutoCloseable {

  /** Shorter than the time after which the oracle misses progress. */
  private static final int LONGEST_PAUSE = 1500;

  private static final int PARTITIONS = 6;

  private final Worker worker;
  private final Loop loop;
  private final List<Knob> turned;
  private final RandomGenerator random;
  private final Thread thread;

  private Turning(Worker worker, Loop loop, List<Knob> turned) {
    this.worker = worker;
    this.loop = loop;
    this.turned = turned;
    long seed = Long.parseLong(worker.settings.text("seed", "0"));
    int own = worker.settings.text("kafka.client.id").hashCode();
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(31 * seed + own);
    this.thread = Thread.ofPlatform().daemon().name("knobs").unstarted(this::turn);
  }

  /** Begins to turn those knobs that can be turned. */
  static Turning of(Worker worker, Loop loop, Knobs knobs) {
    List<Knob> turned = new ArrayList<>(knobs.all());
    turned.retainAll(List.of(Knob.BREAKER, Knob.CONCURRENCY, Knob.RATE, Knob.PAUSE));
    var turning = new Turning(worker, loop, turned);
    if (!turned.isEmpty()) {
      turning.thread.start();
    }
    return turning;
  }

  private void turn() {
    try {
      while (true) {
        Thread.sleep(100 + random.nextInt(900)); // the pace of the turns
        switch (turned.get(random.nextInt(turned.size()))) {
          case CONCURRENCY -> concurrency();
          case RATE -> rate();
          case PAUSE -> pause();
          default -> storeDown();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the loop has ended
    }
  }

  private void concurrency() {
    int allowed = worker.settings.number("concurrency");
    boolean tooHigh = worker.defect() == Defect.TURNS_TOO_HIGH;
    int number = tooHigh ? 2 * allowed : 1 + random.nextInt(allowed);
    say("concurrency " + number);
    loop.concurrency(number);
  }

  private void rate() {
    RateLimit limit =
        switch (random.nextInt(3)) {
          case 0 -> RateLimit.NONE;
          case 1 -> RateLimit.records(100 + random.nextInt(900));
          default -> RateLimit.records(500).andBytes(20_000 + random.nextInt(100_000));
        };
    say("rate " + limit);
    loop.rateLimit(limit);
  }

  private void pause() throws InterruptedException {
    boolean isAll = random.nextInt(3) == 0;
    List<TopicPartition> some = new ArrayList<>();
    for (int i = 0; i < PARTITIONS; i++) {
      if (random.nextBoolean()) {
        some.add(new TopicPartition(worker.settings.text("topic"), i));
      }
    }
    say("pause " + (isAll ? "all" : some));
    if (isAll) {
      loop.pauseAll();
    } else {
      loop.pause(some);
    }
    Thread.sleep(random.nextInt(LONGEST_PAUSE)); // the pause
    loop.resumeAll();
    say("resume");
  }

  private void storeDown() throws InterruptedException {
    say("the store is down");
    worker.storeDown(true);
    Thread.sleep(random.nextInt(LONGEST_PAUSE)); // the outage
    worker.storeDown(false);
    say("the store is up");
  }

  private void say(String what) {
    worker.log.say(Kind.TURNED, -1, -1, what);
  }

  @Override
  public void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }
}
