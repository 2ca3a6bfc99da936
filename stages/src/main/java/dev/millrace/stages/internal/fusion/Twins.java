package dev.millrace.stages.internal.fusion;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All twins of a program. Thread-safe. */
/*
 * Why
 * ===
 *
 * The JIT compiler decides for each call site, by the classes that it has seen there, whether to
 * inline. All chains of a program run the same bytecode. So each call of a user's function in it
 * sees the functions of all stages, and the compiler inlines none. Then the objects that go from
 * stage to stage must be made as well, because a call might keep them.
 *
 * A twin has the same bytecode, and call sites of its own. The compiler sees one function at each,
 * and compiles the chain as one loop in which objects between two stages do not exist. Nothing is
 * generated: the JVM defines the class again from its own bytes, as a hidden class.
 *
 * When
 * ====
 *
 *   elements of a run   classes
 *   ------------------  -----------------------------------------------------------------
 *   the first 1,024     the plain ones
 *   up to 16,384        the plain ones, or twins that an earlier run has defined
 *   more                twins; they are defined now.
 *
 * A short run never looks for twins. A run of 16,384 elements takes some 200 µs with the plain
 * classes; to define the classes of a chain takes about as long, once.
 *
 * How many
 * ========
 *
 * Twins belong to a place in a kind of chain, not to a run or a blueprint. The key is the path from
 * the sink up to the stage, in classes of the user. So a program that builds the same pipeline for
 * each request has one set of twins. The keys are weak, and no twin refers to its keys: when the
 * class loader of a function is given up, its twins go with it. A program that combines functions
 * in ever new ways stops at the limit; its other chains keep the plain classes.
 *
 * Without twins
 * =============
 *
 * A native image cannot define classes, a packager may have removed their bytes, and the metaspace
 * may be full. At the first failure all new runs go back to the plain classes, for good.
 *
 * Rejected: a method of its own for each stage, all alike; that ends at the number of methods, and
 * functions of two pipelines meet there. Classes generated for a whole chain; a generator is more
 * code than all of this. Twins in each run; a program of short pipelines would compile for ever.
 */
public final class Twins {

  /** The system property that sets {@link #after}. */
  public static final String AFTER = "dev.millrace.stages.ownCodeAfter";

  private static final int DEFAULT_AFTER = 16_384;

  /** The most classes at a time; each takes some 5 KB. */
  private static final int MOST = 4096;

  /** The twins of all runs. */
  public static final Twins ALL = new Twins(Twins::again, MOST);

  /** Defines a class again. */
  interface Definer {
    /** An object of the new class. */
    Template define(Class<? extends Template> plain) throws Throwable;
  }

  private final Definer definer;
  private final int most;
  private final Map<Class<?>, Twin> ends = new HashMap<>(); // guarded by this

  /** How many classes may be defined until they are counted again; guarded by this. */
  private int room;

  private boolean broken; // guarded by this

  Twins(Definer definer, int most) {
    this.definer = definer;
    this.most = most;
    this.room = most;
  }

  /** After how many elements a run defines twins. In elements. Default: 16,384. */
  public static int after() {
    return Integer.getInteger(AFTER, DEFAULT_AFTER);
  }

  /** The end of a chain: a stage of this library that has no twins. */
  public synchronized Twin end(Class<?> stage) {
    return ends.computeIfAbsent(stage, key -> new Twin(this, null));
  }

  /** An object of a new class; null if there can be no more. */
  synchronized @Nullable Template define(Class<? extends Template> plain) {
    if (broken) {
      return null;
    }
    if (room == 0) {
      room = most - count(); // some may have gone with their class loaders
    }
    if (room == 0) {
      return null;
    }
    try {
      Template made = definer.define(plain);
      room--;
      return made;
    } catch (Throwable e) { // a native image, missing bytes, no metaspace: the run goes on without
      broken = true;
      return null;
    }
  }

  /** The number of classes that were not given up. */
  public synchronized int count() {
    return ends.values().stream().mapToInt(Twin::count).sum();
  }

  /** Defines the class as a hidden class, which the JVM unloads when nothing refers to it. */
  static Template again(Class<? extends Template> plain) throws Throwable {
    MethodHandles.Lookup there = MethodHandles.privateLookupIn(plain, MethodHandles.lookup());
    MethodHandles.Lookup hidden = there.defineHiddenClass(bytes(plain), true);
    return (Template)
        hidden
            .findConstructor(hidden.lookupClass(), MethodType.methodType(void.class))
            .asType(MethodType.methodType(Template.class))
            .invokeExact();
  }

  private static byte[] bytes(Class<?> of) throws IOException {
    String name = of.getName();
    try (InputStream in =
        of.getResourceAsStream(name.substring(name.lastIndexOf('.') + 1) + ".class")) {
      if (in == null) {
        throw new IOException("the bytes of " + name + " are missing");
      }
      return in.readAllBytes();
    }
  }
}
