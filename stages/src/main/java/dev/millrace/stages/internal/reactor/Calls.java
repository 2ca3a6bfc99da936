package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Waits;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.run.Activity;
import dev.millrace.stages.internal.wait.Signal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the threads of a run call the user's code. The parts of the graph register here when they
 * are subscribed to. A thread may be in several parts at once, because one part calls the next one.
 * Its call is then the call of the last stage that has an element.
 *
 * <p>Thread-safe.
 */
final class Calls {

  /** A part of the graph whose functions are called. */
  interface Place {

    /**
     * The call of the user's code that a thread is in now; null if it is in none. By any thread.
     */
    @Nullable Activity call();
  }

  private record Registered(int order, Place place) {}

  private final List<Registered> places = new ArrayList<>(); // guarded by this
  private final List<Signal> waits = new ArrayList<>(); // guarded by this
  private int orders; // guarded by this

  /** The order of a part that is made now: parts are made from the source to the sink. */
  synchronized int nextOrder() {
    return orders++;
  }

  synchronized void add(int order, Place place) {
    places.add(new Registered(order, place));
  }

  /** Adds a place where a thread of the run waits: then it is in no call. */
  synchronized void add(Signal wait) {
    waits.add(wait);
  }

  /** Adds the calls of now. */
  void addTo(List<Activity> calls) {
    List<Registered> all;
    Set<Thread> waiting = new HashSet<>();
    synchronized (this) {
      all = new ArrayList<>(places);
      for (Signal wait : waits) {
        Thread thread = wait.waiter();
        if (thread != null) {
          waiting.add(thread);
        }
      }
    }
    all.sort(Comparator.comparingInt(Registered::order));
    Map<Thread, Activity> last = new HashMap<>();
    for (Registered each : all) {
      Activity call = each.place.call();
      if (call != null && !waiting.contains(call.thread())) {
        last.put(call.thread(), call);
      }
    }
    calls.addAll(last.values());
  }

  /** The sequential stages that a thread runs inside of a section. */
  static Place chain(Section section, List<Stage> stages) {
    return () -> {
      Thread thread = section.thread();
      Stage busy = null;
      for (Stage stage : stages) {
        if (stage.account().isWaitingForInput()) {
          return null;
        }
        if (stage.account().inFlight() > 0) {
          busy = stage;
        }
      }
      return busy == null ? null : function(thread, busy.site().stage(), busy.account(), null);
    };
  }

  /**
   * A function that is called outside of sections.
   *
   * @param thread gives the thread inside, or the last one; null if none is
   */
  static Place function(
      Supplier<@Nullable Thread> thread, String name, Account account, @Nullable Waits waits) {
    return () -> account.inFlight() > 0 ? function(thread.get(), name, account, waits) : null;
  }

  /** A worker of a parallel stage. */
  static Place worker(Section section, String name, Account account) {
    return () -> account.running() > 0 ? function(section.thread(), name, account, null) : null;
  }

  private static @Nullable Activity function(
      @Nullable Thread thread, String stage, Account account, @Nullable Waits waits) {
    if (thread == null) {
      return null;
    }
    String waitsFor = waits == null ? null : waits.waitsFor();
    return Activity.function(stage, thread, account, account.progress(), waitsFor);
  }
}
