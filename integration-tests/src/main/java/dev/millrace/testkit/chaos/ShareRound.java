package dev.millrace.testkit.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.ConfigResource;

/**
 * One round of a share group: workers, traffic, and the disturbances of a plan. At the end all
 * records must be finished. Blocks while it runs, and leaves no process.
 */
final class ShareRound extends LoggedRound {

  /** The time of a lock; three renewals fit into it. */
  private static final Duration LOCK = Duration.ofSeconds(6);

  private static final Duration SESSION = Duration.ofSeconds(4);
  private static final Duration SETTLING = LOCK.plus(SESSION).multipliedBy(2);

  /** A planted defect keeps some records from ever being finished. */
  private static final Duration ALL_DONE_WITH_A_DEFECT = Duration.ofSeconds(10);

  private static final int WORKERS = 3;
  private static final int MOST = 5;

  /** In ms, longer than a lock. */
  private static final int FREEZE = 9000;

  /** The broker drops a record after this number of deliveries; Kafka allows no more. */
  private static final int DELIVERIES = 10;

  private final SharePlan plan;
  private final boolean renews;
  private final Duration allDone;

  private ShareRound(
      SharePlan plan, Brokers brokers, Path directory, Defect defect, boolean renews) {
    super(
        brokers,
        directory,
        "share-" + plan.seed() + "-" + System.nanoTime(),
        settings(plan, defect),
        plan.ofTraffic());
    this.plan = plan;
    this.renews = renews;
    this.allDone = defect == Defect.NONE ? ALL_DONE : ALL_DONE_WITH_A_DEFECT;
  }

  private static Map<String, String> settings(SharePlan plan, Defect defect) {
    Map<String, String> all = new HashMap<>(plan.settings());
    all.put("defect", defect.name().toLowerCase(Locale.ROOT));
    return all;
  }

  /**
   * Runs a round against brokers that may have served others before.
   *
   * @param renews whether the group accepts renewals of locks; without them, slow handlers must
   *     break promises
   */
  static LoggedResult<ShareOracle.Promise> run(
      SharePlan plan, Brokers brokers, Path directory, Defect defect, boolean renews)
      throws Exception {
    Files.createDirectories(directory);
    return new ShareRound(plan, brokers, directory, defect, renews).run();
  }

  private LoggedResult<ShareOracle.Promise> run() throws Exception {
    long start = System.nanoTime();
    brokers.createTopic(topic, plan.partitions(), Map.of());
    brokers.createTopic(letters(), 1, Map.of());
    configureGroup();
    List<String> produced;
    Set<String> lost;
    try {
      traffic.start();
      for (int i = 0; i < WORKERS; i++) {
        join();
      }
      awaitFirst();
      for (SharePlan.Step step : plan.steps()) {
        disturb(step);
        done.merge(step.what(), 1, Integer::sum);
      }
      while (working().size() < 2) {
        join();
      }
      traffic.close();
      produced = produced();
      lost = brokers.lostDeliveries(topic, DELIVERIES);
      awaitFinished(produced.stream().filter(one -> !lost.contains(one)).toList(), allDone);
      endAll();
    } finally {
      killAll();
    }
    read();
    var oracle = new ShareOracle(events, plan.concurrency(), SETTLING.toNanos());
    List<LoggedResult.Broken<ShareOracle.Promise>> broken = oracle.check(produced, lost);
    brokers.deleteTopics(List.of(topic, letters()));
    return new LoggedResult<>(
        plan.seed(),
        plan.describe(),
        done,
        oracle.finished(),
        oracle.duplicates(),
        oracle.dropped(),
        Duration.ofNanos(System.nanoTime() - start),
        ShareOracle.Promise.values().length,
        broken);
  }

  private void configureGroup() throws Exception {
    Map<String, String> configs = new HashMap<>();
    configs.put("share.auto.offset.reset", "earliest");
    configs.put("share.record.lock.duration.ms", Long.toString(LOCK.toMillis()));
    configs.put("share.session.timeout.ms", Long.toString(SESSION.toMillis()));
    configs.put("share.delivery.count.limit", Integer.toString(DELIVERIES));
    configs.put("share.renew.acknowledge.enable", Boolean.toString(renews));
    alter(ConfigResource.Type.GROUP, topic, configs);
  }

  private void join() throws IOException {
    launch(workers.size(), Map.of("kafka.group.id", topic));
  }

  private void disturb(SharePlan.Step step) throws Exception {
    while (working().size() < 2) {
      join();
    }
    WorkerProcess worker = working().get(step.dice() % working().size());
    switch (step.what()) {
      case JOIN -> {
        if (working().size() < MOST) {
          join();
        } else {
          worker.terminate();
        }
      }
      case LEAVE -> worker.terminate();
      case KILL -> worker.kill();
      default -> {
        Request lost = step.dice() % 2 == 0 ? Request.SHARE_FETCH : Request.SHARE_ACKNOWLEDGE;
        disturb(step.what(), worker, step.dice(), step.millis(), FREEZE, lost);
      }
    }
    Thread.sleep(step.pause()); // sets the pace of the plan
    read();
  }
}
