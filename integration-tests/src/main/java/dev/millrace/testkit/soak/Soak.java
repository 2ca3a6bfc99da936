package dev.millrace.testkit.soak;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.stages.channel.ChannelEngine;
import dev.millrace.stages.reactor.ReactorEngine;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;

/**
 * Runs wave after wave in this process until the time is over. The process should have a small
 * heap.
 *
 * <p>All runs share a parent context that lives as long as the soak, so that an entry left in it is
 * a leak.
 */
final class Soak {

  /** The classes, code and caches of the first waves stay. */
  private static final int WARM_UP_WAVES = 2;

  /** The allowed rise of the floor after that. Without a leak, it rose by 119 KB at most. */
  private static final long MOST_GROWTH = 1 << 18;

  private static final int KILO = 1024;

  /**
   * A grace period too long to matter: on a busy machine a thread may get no core for many seconds.
   */
  private static final Duration GRACE = Duration.ofHours(1);

  private final SoakSettings settings;
  private final Engine engine;
  private final Floor heap = new Floor(WARM_UP_WAVES);
  private Outcome all = Outcome.EMPTY;
  private int waves;
  private int mostAlive;
  private long live;

  Soak(SoakSettings settings) {
    this.settings = settings;
    this.engine =
        switch (settings.engine()) {
          case "channels" -> ChannelEngine.withGrace(GRACE);
          case "reactor" -> ReactorEngine.withGrace(GRACE);
          default -> throw new IllegalArgumentException("there is no engine " + settings.engine());
        };
  }

  /** Returns a row of figures; fails with an {@link AssertionError}. */
  String run() throws Exception {
    long start = System.nanoTime();
    var plant = new Plant(settings.defect());
    try (CancellableContext root = Context.background().withCancel()) {
      long seed = settings.seed();
      while (System.nanoTime() - start < settings.millis() * 1_000_000) {
        run(new Wave(settings, engine, root, plant), seed);
        seed += Wave.size(settings);
        checkHeap();
      }
    }
    return row((System.nanoTime() - start) / 1_000_000_000);
  }

  /** In a call of its own, so that the wave is garbage when the heap is measured. */
  private void run(Wave wave, long seed) throws Exception {
    all = all.plus(wave.run(seed));
    waves++;
    mostAlive = Math.max(mostAlive, wave.alive());
  }

  private void checkHeap() {
    System.gc();
    live = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    heap.add(live);
    if (Boolean.getBoolean("soak.verbose")) {
      System.out.printf("wave %d: %d KB live%n", waves, live / KILO);
    }
    if (heap.growth() > MOST_GROWTH) {
      throw new AssertionError(
          "the heap has grown by %d KB to %d KB in %d waves"
              .formatted(heap.growth() / KILO, live / KILO, waves));
    }
  }

  /** The columns are listed in {@link SoakProcess#HEADER}. */
  private String row(long seconds) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %d:%02d min | %,d | %,d | %,d | %,d | %,d | %,d | %d KB | %+d KB | 0 |",
        settings.engine(),
        settings.seed(),
        seconds / 60,
        seconds % 60,
        all.runs(),
        mostAlive,
        all.cutShort(),
        all.drained(),
        all.elements(),
        all.steps(),
        live / KILO,
        heap.growth() / KILO);
  }
}
