package dev.millrace.pipeline;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The open resources of a run. Each resource is closed when its last element has left the run; the
 * remaining ones at the end of the run.
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
   * Starts with no open resource.
   *
   * @param onOpen called before a resource is added
   * @param onFailure gets the exceptions of closes, during the run or at its end
   */
  Resources(Runnable onOpen, Consumer<? super Throwable> onFailure) {
    this.onOpen = onOpen;
    this.onFailure = onFailure;
  }

  /** Whether the class overrides {@code close}: the empty default of an interface needs no call. */
  static boolean closes(AutoCloseable candidate) {
    return CLOSES.get(candidate.getClass());
  }

  /**
   * Adds a resource, with one claim for the caller.
   *
   * @param parent the origin of the resource; the caller gives one claim to it away
   * @throws CancellationException if the run has already ended and did not wait for the calling
   *     thread; then the resource is closed
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
   * Closes a resource, unless it is closed already. The close must not see an interrupt that is
   * meant for the calling thread's function: the flag is cleared, and set again after the close.
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

  /** The run has ended: closes all open resources. */
  void end() {
    ended = true;
    List.copyOf(open).forEach(this::close);
  }

  /**
   * One closeable for all arguments that are {@link AutoCloseable}, closed in reverse order; null
   * if there is none.
   */
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
