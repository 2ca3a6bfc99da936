package dev.millrace.pipeline.graph;

import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * The books of a run: what every stage has received, and what became of it.
 *
 * <p>Safe for use by many threads: each thread that counts has an {@link Account} of its own, and a
 * report adds them up.
 */
public final class Ledger {

  /** How often a report looks again at counts that do not balance, at once. */
  private static final int LOOKS = 100;

  /** How often it does so after that, each time a while later: a thread may have lost its core. */
  private static final int LATER_LOOKS = 100;

  private static final long WHILE_NANOS = 1_000_000;

  private final long start = System.nanoTime();
  private final Map<String, List<Account>> accounts = new LinkedHashMap<>();
  private final Map<String, List<Account>> passing = new HashMap<>();
  private long end;

  /** A new run begins now. */
  public Ledger() {}

  /**
   * A new account of a stage, for one thread at a time. Stages are reported in the order in which
   * their first accounts were opened.
   */
  public synchronized Account open(String stage) {
    var account = new Account();
    accounts.computeIfAbsent(stage, name -> new ArrayList<>()).add(account);
    return account;
  }

  /**
   * As {@link #open(String)}; what is {@link Account#passed} to the stage counts as produced and
   * emitted by the stage before it.
   */
  public synchronized Account open(String stage, String before) {
    Account account = open(stage);
    passing.computeIfAbsent(before, name -> new ArrayList<>()).add(account);
    return account;
  }

  /** An account of no stage, for what is {@link Account#passed} on by that one. */
  public synchronized Account openAfter(String before) {
    var account = new Account();
    passing.computeIfAbsent(before, name -> new ArrayList<>()).add(account);
    return account;
  }

  /** The run has ended: nothing is in flight any more. */
  public synchronized void close() {
    end = System.nanoTime();
  }

  /** How things stand. While the run goes on, counts of different threads may be moments apart. */
  public synchronized RunReport report() {
    boolean done = end != 0;
    long now = done ? end : System.nanoTime();
    List<StageReport> stages = new ArrayList<>();
    for (String name : accounts.keySet()) {
      stages.add(settled(name, done, now));
    }
    return new RunReport(stages, Duration.ofNanos(now - start), done);
  }

  /**
   * While a thread counts, its counts may be seen in another order than it has made them; not again
   * and again.
   */
  private StageReport settled(String name, boolean done, long now) {
    StageReport report = report(name, done, now);
    for (int i = 0; i < LOOKS + LATER_LOOKS && !done && !report.balances(); i++) {
      if (i >= LOOKS) {
        LockSupport.parkNanos(WHILE_NANOS);
      }
      report = report(name, false, now);
    }
    return report;
  }

  private StageReport report(String name, boolean done, long now) {
    List<Account> opened = accounts.getOrDefault(name, List.of());
    return report(name, opened, passing.getOrDefault(name, List.of()), done, now);
  }

  private static StageReport report(
      String name, List<Account> accounts, List<Account> after, boolean done, long now) {
    // What comes later is read first, over all accounts: what one account has received or produced,
    // another one may have processed or emitted.
    long passed = sum(after, Account.PASSED);
    long emitted = sum(accounts, Account.EMITTED) + passed;
    long produced = sum(accounts, Account.PRODUCED) + passed;
    long processed = accounts.stream().mapToLong(Account::processedSoFar).sum();
    long failed = sum(accounts, Account.FAILED);
    long dropped = sum(accounts, Account.DROPPED);
    long received = sum(accounts, Account.RECEIVED) + sum(accounts, Account.PASSED);
    long waitingIn = 0;
    long waitingOut = 0;
    for (Account account : accounts) {
      waitingIn = Math.max(waitingIn, since(account.get(Account.WAITING_IN), now, done));
      waitingOut = Math.max(waitingOut, since(account.get(Account.WAITING_OUT), now, done));
    }
    long inside = received - processed - failed - dropped;
    long between = produced - emitted;
    return new StageReport(
        name,
        received,
        processed,
        failed,
        dropped,
        done ? inside : 0,
        done ? 0 : inside,
        produced,
        emitted,
        done ? between : 0,
        done ? 0 : between,
        Duration.ofNanos(sum(accounts, Account.WAITED_IN)),
        Duration.ofNanos(sum(accounts, Account.WAITED_OUT)),
        Duration.ofNanos(waitingIn),
        Duration.ofNanos(waitingOut));
  }

  private static long sum(List<Account> accounts, VarHandle which) {
    long sum = 0;
    for (Account account : accounts) {
      sum += account.get(which);
    }
    return sum;
  }

  private static long since(long instant, long now, boolean done) {
    return done || instant == 0 ? 0 : Math.max(1, now - instant);
  }
}
