package dev.millrace.pipeline;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The open resources of a run. Each is closed when its last element has left the run; at the end of
 * the run the others are closed.
 *
 * <p>Thread-safe.
 */
final class Resources {

  private static final ClassValue<Boolean> CLOSES =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          try {
            return !type.getMethod("close").getDeclaringClass().isInterface();
          } catch (NoSuchMethodException e) {
            return false;
          }
        }
      };

  private final Set<Resource> open = ConcurrentHashMap.newKeySet();
  private final Runnable onOpen;
  private final Consumer<? super Throwable> onFailure;
  private volatile boolean ended;

  /**
   * Nothing is open.
   *
   * @param onOpen called before a resource is added
   * @param onFailure gets what a close throws, while the run goes on or at its end
   */
  Resources(Runnable onOpen, Consumer<? super Throwable> onFailure) {
    this.onOpen = onOpen;
    this.onFailure = onFailure;
  }

  /** Whether a cursor or a transform has a {@code close} of its own, not the empty default. */
  static boolean closes(AutoCloseable candidate) {
    return CLOSES.get(candidate.getClass());
  }

  /**
   * Adds a resource, with one claim for the caller.
   *
   * @param parent what the resource came from, with a claim for the resource
   * @throws CancellationException if the run has ended without the calling thread; the resource is
   *     closed then
   */
  Resource add(AutoCloseable closing, Origin parent) {
    onOpen.run();
    var resource = new Resource(this, closing, parent);
    open.add(resource);
    if (ended) {
      close(resource);
      throw new CancellationException("the run has ended");
    }
    return resource;
  }

  /**
   * Closes a resource, unless that has been done. An interrupt that is meant for the calling
   * thread's function waits until the close has returned.
   */
  void close(Resource resource) {
    if (!open.remove(resource)) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      resource.close();
    } catch (Throwable e) {
      onFailure.accept(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The run has ended: closes all that are open. */
  void end() {
    ended = true;
    List.copyOf(open).forEach(this::close);
  }

  /** What an iterating stage has to close: any of these that is closeable, the last one first. */
  static @Nullable AutoCloseable closeable(Object... opened) {
    List<AutoCloseable> closeables =
        Arrays.stream(opened)
            .filter(AutoCloseable.class::isInstance)
            .map(AutoCloseable.class::cast)
            .distinct()
            .toList();
    return switch (closeables.size()) {
      case 0 -> null;
      case 1 -> closeables.getFirst();
      default ->
          () -> {
            try {
              closeables.getLast().close();
            } finally {
              closeables.getFirst().close();
            }
          };
    };
  }
}
