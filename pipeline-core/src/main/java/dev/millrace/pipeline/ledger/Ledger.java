package dev.millrace.pipeline.ledger;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The counts of all stages of a run: how many elements each stage has received, and how they ended.
 *
 * <p>Thread-safe: each thread that counts has an {@link Account} of its own, and a report adds the
 * accounts up.
 */
public final class Ledger {

  private final long start = Time.nanoTime();
  private final Map<String, List<Account>> accounts = new LinkedHashMap<>();
  private final Map<String, List<Account>> passing = new HashMap<>();
  private final Set<String> queueing = new HashSet<>();
  private long end;

  /** Creates the ledger of a run that starts now. */
  public Ledger() {}

  /**
   * Opens a new account of a stage, for one thread at a time. Reports list the stages in the order
   * in which their first accounts were opened.
   */
  public synchronized Account open(String stage) {
    var account = new Account(stage);
    accounts.computeIfAbsent(stage, name -> new ArrayList<>()).add(account);
    return account;
  }

  /**
   * Like {@link #open(String)}. In addition, each element that this account counts as {@link
   * Account#passed} counts as produced and emitted by the stage {@code before}.
   */
  public synchronized Account open(String stage, String before) {
    Account account = open(stage);
    passing.computeIfAbsent(before, name -> new ArrayList<>()).add(account);
    return account;
  }

  /**
   * Like {@link #open(String)}, for a worker that calls {@link Account#begun} when it starts its
   * function. Until then, the report counts the element as waiting in the stage.
   */
  public synchronized Account openWorker(String stage) {
    queueing.add(stage);
    return open(stage);
  }

  /**
   * Opens an account that belongs to no stage. Each element that it counts as {@link
   * Account#passed} counts as produced and emitted by the stage {@code before}.
   */
  public synchronized Account openAfter(String before) {
    var account = new Account(before);
    passing.computeIfAbsent(before, name -> new ArrayList<>()).add(account);
    return account;
  }

  /** The run has ended. From now on, reports count no element as in flight or queued. */
  public synchronized void close() {
    end = Time.nanoTime();
  }

  /**
   * A snapshot of the counts. While the run goes on, counts of different threads may be read at
   * slightly different times.
   */
  public synchronized RunReport report() {
    boolean done = end != 0;
    long now = done ? end : Time.nanoTime();
    List<StageReport> stages = new ArrayList<>();
    for (String name : accounts.keySet()) {
      stages.add(report(name, done, now));
    }
    return new RunReport(stages, Duration.ofNanos(now - start), done);
  }

  private StageReport report(String name, boolean done, long now) {
    List<Account> opened = accounts.getOrDefault(name, List.of());
    return report(name, opened, passing.getOrDefault(name, List.of()), done, now);
  }

  private StageReport report(
      String name, List<Account> accounts, List<Account> after, boolean done, long now) {
    // Counts of later steps are read first, over all accounts: one thread may have received or
    // produced an element that another thread has processed or emitted.
    // This thread may see the counts of another thread in another order than they were written. So
    // while the run goes on, the later count wins: an emitted element was produced, a processed
    // one was received.
    long passed = sum(after, Account.PASSED);
    long emitted = sum(accounts, Account.EMITTED) + passed;
    long produced = atLeast(emitted, sum(accounts, Account.PRODUCED) + passed, done);
    long processed = accounts.stream().mapToLong(Account::processedSoFar).sum();
    long failed = sum(accounts, Account.FAILED);
    long dropped = sum(accounts, Account.DROPPED);
    long received =
        atLeast(
            processed + failed + dropped,
            sum(accounts, Account.RECEIVED) + sum(accounts, Account.PASSED),
            done);
    long waitingIn = 0;
    long waitingOut = 0;
    for (Account account : accounts) {
      waitingIn = Math.max(waitingIn, since(account.get(Account.WAITING_IN), now, done));
      waitingOut = Math.max(waitingOut, since(account.get(Account.WAITING_OUT), now, done));
    }
    long inside = received - processed - failed - dropped;
    long between = produced - emitted;
    long running =
        queueing.contains(name)
            ? Math.min(inside, accounts.stream().mapToLong(Account::running).sum())
            : inside;
    return new StageReport(
        name,
        received,
        processed,
        failed,
        dropped,
        done ? inside : 0,
        done ? 0 : inside,
        done ? 0 : running,
        produced,
        emitted,
        done ? between : 0,
        done ? 0 : between,
        Duration.ofNanos(sum(accounts, Account.WAITED_IN)),
        Duration.ofNanos(sum(accounts, Account.WAITED_OUT)),
        Duration.ofNanos(waitingIn),
        Duration.ofNanos(waitingOut));
  }

  private static long atLeast(long known, long seen, boolean done) {
    return done ? seen : Math.max(known, seen);
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
