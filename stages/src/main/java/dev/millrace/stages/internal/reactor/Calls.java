package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Waits;
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
 * are subscribed to. A thread may be in several of them at once, as one part calls the next one;
 * its call is then the one of the last stage that has an element.
 *
 * <p>Thread-safe.
 */
final class Calls {

  /** A part of the graph whose functions are called. All methods are for any thread. */
  interface Place {
    /** The thread inside; null if none is. */
    @Nullable Thread thread();

    /** The call of the function that has an element now; null if none has. */
    @Nullable Activity call(Thread thread);
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
      Thread thread = each.place.thread();
      if (thread != null && !waiting.contains(thread)) {
        Activity call = each.place.call(thread);
        if (call != null) {
          last.put(thread, call);
        }
      }
    }
    calls.addAll(last.values());
  }

  /** The sequential stages that a thread runs inside of a section. */
  static Place chain(Section section, List<Stage> stages) {
    return new Place() {
      @Override
      public @Nullable Thread thread() {
        return section.thread();
      }

      @Override
      public @Nullable Activity call(Thread thread) {
        Stage busy = null;
        for (Stage stage : stages) {
          if (stage.account().isWaitingForInput()) {
            return null;
          }
          if (stage.account().inFlight() > 0) {
            busy = stage;
          }
        }
        return busy == null ? null : function(busy.site().stage(), thread, busy.account(), null);
      }
    };
  }

  /**
   * A function that is called outside of sections.
   *
   * @param thread gives the thread inside, or the last one; null if none is
   */
  static Place function(
      Supplier<@Nullable Thread> thread, String name, Account account, @Nullable Waits waits) {
    return new Place() {
      @Override
      public @Nullable Thread thread() {
        return account.inFlight() > 0 ? thread.get() : null;
      }

      @Override
      public @Nullable Activity call(Thread running) {
        return function(name, running, account, waits == null ? null : waits.waitsFor());
      }
    };
  }

  /** A worker of a parallel stage. */
  static Place worker(Section section, String name, Account account) {
    return new Place() {
      @Override
      public @Nullable Thread thread() {
        return account.running() > 0 ? section.thread() : null;
      }

      @Override
      public @Nullable Activity call(Thread thread) {
        return function(name, thread, account, null);
      }
    };
  }

  private static Activity function(
      String stage, Thread thread, Account account, @Nullable String waitsFor) {
    return Activity.function(stage, thread, account, account.progress(), waitsFor);
  }
}
