package dev.millrace.pipeline;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds engines. A search through the class path allocates three times as much as a short run. So
 * an engine that is still referenced is found without a search. The references are weak: an
 * application that is unloaded is not kept alive.
 *
 * <p>Thread-safe.
 */
final class Engines {

  /** An engine, and the context class loader with which it was found. */
  private record Found(WeakReference<ClassLoader> with, WeakReference<Engine> engine) {}

  /** The engine of each name that was found last. */
  private static final Map<String, Found> FOUND = new ConcurrentHashMap<>();

  private Engines() {}

  static Engine named(String name) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    if (loader == null) {
      loader = ClassLoader.getSystemClassLoader(); // as ServiceLoader does
    }
    Engine known = known(name, loader);
    if (known != null) {
      return known;
    }
    Engine engine = search(name, loader);
    FOUND.put(name, new Found(new WeakReference<>(loader), new WeakReference<>(engine)));
    return engine;
  }

  private static @Nullable Engine known(String name, ClassLoader loader) {
    Found found = FOUND.get(name);
    return found == null || !found.with.refersTo(loader) ? null : found.engine.get();
  }

  private static Engine search(String name, ClassLoader loader) {
    List<String> others = new ArrayList<>();
    for (ServiceLoader.Provider<Engine> provider :
        ServiceLoader.load(Engine.class, loader).stream().toList()) {
      Engine engine = provider.get();
      if (engine.name().equals(name)) {
        return engine;
      }
      others.add(engine.name());
    }
    throw new IllegalStateException(
        others.isEmpty()
            ? "there is no engine '%s', and no other engine: put millrace-stages on the path"
                .formatted(name)
            : "there is no engine '%s': the engines on the path are %s".formatted(name, others));
  }
}
