package dev.millrace.testkit.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Loads classes of the library once more, rewritten for a simulation. So their static state is
 * separate from that of other tests and of other simulations. Thread-safe.
 */
final class SimulationLoader extends ClassLoader {

  static {
    registerAsParallelCapable();
  }

  private static final List<String> REWRITTEN =
      List.of("dev.millrace.", "reactor.", "org.awaitility.");

  private static final String OWN = "dev.millrace.testkit.simulation.";
  private static final String SCENARIOS = OWN + "scenarios.";

  /** Rewritten classes by name, without the changed ones: rewriting takes longer than loading. */
  private static final Map<String, byte[]> KNOWN = new ConcurrentHashMap<>();

  private final ClassLoader parent;
  private final Map<String, UnaryOperator<byte[]>> changes;
  private final Rewriter rewriter;

  /**
   * A loader.
   *
   * @param changes by the name of a class: the changes to it before it is rewritten
   */
  SimulationLoader(ClassLoader parent, Map<String, UnaryOperator<byte[]>> changes) {
    super("simulation", parent);
    this.parent = parent;
    this.changes = Map.copyOf(changes);
    this.rewriter = new Rewriter(this::bytes, parent);
  }

  private static boolean isRewritten(String name) {
    return REWRITTEN.stream().anyMatch(name::startsWith)
        && (!name.startsWith(OWN) || name.startsWith(SCENARIOS));
  }

  private byte @Nullable [] bytes(String internalName) {
    if (!isRewritten(internalName.replace('/', '.'))) {
      return null;
    }
    try (InputStream in = parent.getResourceAsStream(internalName + ".class")) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!isRewritten(name)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      return known == null ? define(name) : known;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] bytes = bytes(name.replace('.', '/'));
    if (bytes == null) {
      throw new ClassNotFoundException(name);
    }
    UnaryOperator<byte[]> change = changes.get(name);
    byte[] rewritten =
        change == null
            ? KNOWN.computeIfAbsent(name, _ -> rewriter.rewrite(bytes))
            : rewriter.rewrite(change.apply(bytes));
    return defineClass(name, rewritten, 0, rewritten.length, (ProtectionDomain) null);
  }
}
