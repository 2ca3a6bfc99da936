package dev.millrace.it;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Set;
import java.util.Timer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;

/** The calls of the JDK that read a clock, or wait for a time. */
final class Clocks {

  static final DescribedPredicate<JavaMethodCall> READS_OR_AWAITS =
      DescribedPredicate.describe(
          "reads the time of the JDK, or waits for a time in it",
          call -> {
            JavaClass owner = call.getTargetOwner();
            String name = call.getName();
            int parameters = call.getTarget().getRawParameterTypes().size();
            return readsTheTime(owner, name, parameters) || waits(owner, name, parameters);
          });

  private Clocks() {}

  private static boolean readsTheTime(JavaClass owner, String name, int parameters) {
    return (owner.isEquivalentTo(System.class)
            && Set.of("nanoTime", "currentTimeMillis").contains(name))
        || (owner.isEquivalentTo(Clock.class)
            && (name.startsWith("system") || name.startsWith("tick")))
        || (owner.isEquivalentTo(InstantSource.class) && name.equals("system"))
        || (name.equals("now")
            && parameters == 0
            && Set.of(
                    Instant.class.getName(),
                    LocalDate.class.getName(),
                    LocalDateTime.class.getName(),
                    OffsetDateTime.class.getName(),
                    ZonedDateTime.class.getName())
                .contains(owner.getName()));
  }

  private static boolean waits(JavaClass owner, String name, int parameters) {
    return switch (name) {
      case "parkNanos", "parkUntil" -> owner.isEquivalentTo(LockSupport.class);
      case "sleep" -> owner.isEquivalentTo(Thread.class) || owner.isEquivalentTo(TimeUnit.class);
      case "join" -> owner.isAssignableTo(Thread.class) && parameters > 0;
      case "wait" -> parameters > 0 && !owner.getName().startsWith("dev.millrace.clock");
      case "timedJoin", "timedWait" -> owner.isEquivalentTo(TimeUnit.class);
      case "await" ->
          parameters == 2
              && (owner.isEquivalentTo(CountDownLatch.class)
                  || owner.isAssignableTo(Condition.class));
      case "awaitNanos", "awaitUntil" -> owner.isAssignableTo(Condition.class);
      case "get" -> parameters == 2 && owner.isAssignableTo(Future.class);
      case "tryLock" -> parameters == 2 && owner.isAssignableTo(Lock.class);
      case "tryAcquire" -> parameters >= 2 && owner.isAssignableTo(Semaphore.class);
      case "poll" -> parameters == 2 && owner.isAssignableTo(BlockingQueue.class);
      case "orTimeout", "completeOnTimeout", "delayedExecutor" ->
          owner.isAssignableTo(CompletableFuture.class);
      case "schedule" -> owner.isAssignableTo(Timer.class);
      default -> false;
    };
  }
}
