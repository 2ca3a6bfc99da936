package dev.millrace.test;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Lists all living threads, including virtual ones. Stateless and thread-safe. */
/*
 * The only public API of the JDK that lists virtual threads is a thread dump into a file. It takes milliseconds. Dumps have also crashed the JVM (25.0.3), at a running thread that held a monitor in compiled code. So the internal class behind the dump is used if the JVM exports its package to this class.
 */
final class LiveThreads {

  /** The package of the JDK that lists virtual threads. */
  static final String INTERNALS = "jdk.internal.vm";

  private static final int FRAMES = 30;

  /** The first line of a thread in a dump. */
  private static final Pattern HEAD = Pattern.compile("#(\\d+) \"([^\"]*)\"( virtual)?.*");

  private static final boolean IS_EXPORTED =
      Object.class.getModule().isExported(INTERNALS, LiveThreads.class.getModule());

  private LiveThreads() {}

  /** A lower bound for the ids of all threads that are created after this call. */
  static long nextId() {
    return Thread.ofVirtual().unstarted(() -> {}).threadId();
  }

  /** The living threads with an id of at least {@code first}. */
  static List<LiveThread> since(long first) {
    List<LiveThread> all = IS_EXPORTED ? internal() : dumped();
    return all.stream().filter(one -> one.id() >= first).toList();
  }

  /** Whether the threads themselves can be listed. */
  static boolean isExact() {
    return IS_EXPORTED;
  }

  /** All living threads; only if {@link #isExact}. */
  static Stream<Thread> threads() {
    try {
      return in(method("ThreadContainers", "root").invoke(null)).filter(Thread::isAlive);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JDK has other classes in " + INTERNALS, e);
    }
  }

  private static List<LiveThread> internal() {
    return threads().map(LiveThreads::describe).toList();
  }

  static LiveThread describe(Thread thread) {
    return new LiveThread(thread.threadId(), thread.getName(), thread.isVirtual(), stack(thread));
  }

  private static Stream<Thread> in(Object container) {
    try {
      Stream<?> threads = (Stream<?>) method("ThreadContainer", "threads").invoke(container);
      Stream<?> children = (Stream<?>) method("ThreadContainer", "children").invoke(container);
      return Stream.concat(threads.map(Thread.class::cast), children.flatMap(LiveThreads::in));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JDK has other classes in " + INTERNALS, e);
    }
  }

  private static Method method(String type, String name) throws ReflectiveOperationException {
    return Class.forName(INTERNALS + "." + type).getMethod(name);
  }

  private static String stack(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .limit(FRAMES)
        .map(frame -> "\n    at " + frame)
        .collect(Collectors.joining());
  }

  /** The threads in a dump of the JVM. */
  static List<LiveThread> dumped() {
    try {
      Path directory = Files.createTempDirectory("threads");
      Path file = directory.resolve("dump.txt");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
        return parse(Files.readAllLines(file));
      } finally {
        Files.deleteIfExists(file);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the threads cannot be listed", e);
    }
  }

  private static List<LiveThread> parse(List<String> lines) {
    List<LiveThread> all = new ArrayList<>();
    @Nullable Matcher head = null;
    List<String> frames = new ArrayList<>();
    for (String line : lines) {
      Matcher next = HEAD.matcher(line);
      if (next.matches()) {
        add(all, head, frames);
        head = next;
        frames.clear();
      } else if (!line.isBlank() && frames.size() < FRAMES) {
        frames.add("\n    at " + line.strip());
      }
    }
    add(all, head, frames);
    return all;
  }

  private static void add(List<LiveThread> all, @Nullable Matcher head, List<String> frames) {
    if (head != null) {
      long id = Long.parseLong(head.group(1));
      all.add(new LiveThread(id, head.group(2), head.group(3) != null, String.join("", frames)));
    }
  }
}
