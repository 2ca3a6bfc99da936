package dev.millrace.kafka.reactor;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.scheduler.Schedulers;

/**
 * Catches errors that Reactor throws in the threads of its schedulers, and tells no subscriber of:
 * {@code StackOverflowError}, {@code NoClassDefFoundError} and the like. Without this a record
 * whose publisher met one would be in the hands of its handler for ever.
 */
/*
 * Reactor decorates each task that is scheduled. Our decoration remembers, in a thread-local, for which
 * call a thread works: while a publisher is subscribed to, and while a task runs that was scheduled by
 * such a thread. So each task that a publisher schedules, at any depth, knows its call. Tasks of anybody else are left
 * as they are, for the price of a look at the thread-local. Threads that are not of a Scheduler, such as
 * those of a network client, are not covered: such errors are for that client to tell.
 */
final class SchedulerErrors {

  private static final ThreadLocal<@Nullable Consumer<? super Throwable>> CURRENT =
      new ThreadLocal<>();

  private SchedulerErrors() {}

  /** From now on, in this JVM; again is nothing new. */
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
        throw e; // operators have told the subscriber what they throw
      }
      call.accept(e);
    }
  }

  /**
   * Subscribes to a publisher.
   *
   * @param call gets an error of any task that is scheduled by that
   */
  static <T> T tell(Consumer<? super Throwable> call, Supplier<T> subscribe) {
    Consumer<? super Throwable> before = CURRENT.get();
    CURRENT.set(call);
    try {
      return subscribe.get();
    } finally {
      if (before == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(before);
      }
    }
  }
}
