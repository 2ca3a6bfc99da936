package dev.millrace.kafka.reactor;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.scheduler.Schedulers;

/**
 * Catches errors that Reactor throws in the threads of its schedulers without a signal to the
 * subscriber: {@code StackOverflowError}, {@code NoClassDefFoundError} and similar ones. Without
 * this class, the handler of a record whose publisher meets such an error would never end.
 */
/*
 * Reactor decorates each scheduled task. Our decoration remembers in a thread-local for which call
 * a thread works: while it subscribes to a publisher, and while it runs a task that such a thread
 * has scheduled. So each task that a publisher schedules, at any depth, knows its call. Tasks of
 * other code stay undecorated; for them the cost is one read of the thread-local. Threads that do
 * not belong to a Scheduler, such as the threads of a network client, are not covered: that client
 * must report such errors.
 */
final class SchedulerErrors {

  private static final ThreadLocal<@Nullable Consumer<? super Throwable>> CURRENT =
      new ThreadLocal<>();

  private SchedulerErrors() {}

  /** Installs the decoration in this JVM. Idempotent. */
  static void watch() {
    Schedulers.onScheduleHook("millrace.kafka", SchedulerErrors::decorate);
  }

  private static Runnable decorate(Runnable task) {
    Consumer<? super Throwable> call = CURRENT.get();
    return call == null ? task : () -> run(task, call);
  }

  private static void run(Runnable task, Consumer<? super Throwable> call) {
    try {
      tell(
          call,
          () -> {
            task.run();
            return true;
          });
    } catch (Throwable e) {
      if (!Exceptions.isJvmFatal(e)) {
        throw e; // operators have already sent this exception to the subscriber
      }
      call.accept(e);
    }
  }

  /**
   * Subscribes to a publisher.
   *
   * @param call receives an error of any task that the subscription schedules
   */
  static <T> T tell(Consumer<? super Throwable> call, Supplier<T> subscribe) {
    Consumer<? super Throwable> before = CURRENT.get();
    CURRENT.set(call);
    try {
      return subscribe.get();
    } finally {
      CURRENT.set(before); // a removal would make an entry anew for each record
    }
  }
}
