package dev.millrace.test;

import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** The extension behind {@link NoLeaks}. Stateless: JUnit keeps the state of each test. */
final class LeakCheck
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);
  private static final long LOOK = 10;

  /** Threads of pools that the JDK, Reactor and this library share between all their users. */
  private static final Pattern SHARED =
      Pattern.compile(
          "ForkJoinPool.*|millrace-timers.*|millrace-after-func-starter.*|VirtualThread-unblocker"
              + "|CompletableFutureDelayScheduler|Common-Cleaner|Attach Listener|process reaper.*"
              + "|(.*-)?(Master|Sub|Read-|Write-)Poller(-\\d+)?" // of sockets of virtual threads
              + "|junit-.*|(parallel|single|boundedElastic|boundedElastic-evictor)-\\d+");

  /** The state before a test, or before a class. */
  private record Before(long firstThread, Leaks leaks) {}

  /** Creates the extension; JUnit calls it. */
  LeakCheck() {}

  @Override
  public void beforeAll(ExtensionContext context) {
    begin(context);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    begin(context);
  }

  @Override
  public void afterEach(ExtensionContext context) throws InterruptedException {
    check(context);
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    check(context);
  }

  private static void begin(ExtensionContext context) {
    store(context).put(context.getUniqueId(), new Before(LiveThreads.nextId(), new Leaks()));
  }

  private static ExtensionContext.Store store(ExtensionContext context) {
    return context.getStore(NAMESPACE);
  }

  private static Before before(ExtensionContext context) {
    return store(context).get(context.getUniqueId(), Before.class);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Leaks.class;
  }

  @Override
  public Leaks resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return before(context).leaks();
  }

  private static void check(ExtensionContext context) throws InterruptedException {
    Before before = before(context);
    List<AssertionError> faults = new ArrayList<>(before.leaks().take());
    for (ProbedRun<?> open : OpenRuns.take()) {
      if (!open.run().isDone()) {
        faults.add(new AssertionError("a run was not closed, and has not ended:" + open.state()));
      }
      open.close();
    }
    NoLeaks settings = settings(context);
    for (LiveThread left : left(before.firstThread(), settings)) {
      faults.add(new AssertionError("still alive: " + left));
    }
    if (!faults.isEmpty()) {
      String texts = faults.stream().map(Throwable::getMessage).collect(Collectors.joining("\n"));
      var all = new AssertionError("the test leaves behind: " + texts);
      faults.stream().filter(one -> one.getCause() != null).forEach(all::addSuppressed);
      throw all;
    }
  }

  /** Whether it is the name of a thread that all users of a library share. */
  static boolean isShared(String name) {
    return SHARED.matcher(name).matches();
  }

  private static List<LiveThread> left(long first, NoLeaks settings) throws InterruptedException {
    List<Pattern> allowed = Arrays.stream(settings.allow()).map(Pattern::compile).toList();
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.grace());
    while (true) {
      List<LiveThread> left =
          LiveThreads.since(first).stream()
              .filter(one -> !isShared(one.name()))
              .filter(one -> allowed.stream().noneMatch(any -> any.matcher(one.name()).matches()))
              .filter(one -> one.id() != Thread.currentThread().threadId())
              .toList();
      if (left.isEmpty() || System.nanoTime() - deadline > 0) {
        return left;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK); // there is nothing to be notified by
    }
  }

  /** The annotation of the method, or of the class or a class around it. */
  private static NoLeaks settings(ExtensionContext context) {
    for (Optional<ExtensionContext> each = Optional.of(context);
        each.isPresent();
        each = each.get().getParent()) {
      NoLeaks found =
          each.get()
              .getElement()
              .filter(element -> element.isAnnotationPresent(NoLeaks.class))
              .map(LeakCheck::annotation)
              .orElse(null);
      if (found != null) {
        return found;
      }
    }
    throw new IllegalStateException("use the annotation @NoLeaks instead of its extension");
  }

  private static NoLeaks annotation(AnnotatedElement element) {
    return element.getAnnotation(NoLeaks.class);
  }
}
