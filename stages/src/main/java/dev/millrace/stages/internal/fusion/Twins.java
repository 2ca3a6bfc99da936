package dev.millrace.stages.internal.fusion;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The twins of a program. Thread-safe. */
public final class Twins {

  /** How many elements a chain runs with the plain classes, before its own are defined. */
  public static final int AFTER = Integer.getInteger("dev.millrace.stages.ownCodeAfter", 16_384);

  /** How many classes there can be; each takes some 5 KB of memory, with its compiled code more. */
  private static final int MOST = 4096;

  /** All of them. */
  public static final Twins ALL = new Twins(Twins::again, MOST);

  /** Defines a class again. */
  interface Definer {
    /** An object of the new class. */
    Template define(Class<? extends Template> plain) throws Throwable;
  }

  private final Definer definer;
  private final int most;
  private final Map<Class<?>, Twin> ends = new HashMap<>(); // guarded by this
  private int room; // guarded by this
  private boolean broken; // guarded by this

  Twins(Definer definer, int most) {
    this.definer = definer;
    this.most = most;
    this.room = most;
  }

  /** The end of a chain: a stage of the library that has no twins. */
  public synchronized Twin end(Class<?> stage) {
    return ends.computeIfAbsent(stage, key -> new Twin(this, null));
  }

  /** An object of a new class, or null. */
  synchronized @Nullable Template define(Class<? extends Template> plain) {
    if (broken) {
      return null;
    }
    if (room == 0) {
      room = most - count();
    }
    if (room == 0) {
      return null;
    }
    try {
      Template made = definer.define(plain);
      room--;
      return made;
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) { // in a native image, or without the bytes of the class
      broken = true;
      return null;
    }
  }

  /** The number of classes. */
  synchronized int count() {
    return ends.values().stream().mapToInt(Twin::count).sum();
  }

  private static Template again(Class<? extends Template> plain) throws Throwable {
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
    String file = name.substring(name.lastIndexOf('.') + 1) + ".class";
    try (InputStream in = of.getResourceAsStream(file)) {
      if (in == null) {
        throw new IOException("no bytes of " + name);
      }
      return in.readAllBytes();
    }
  }
}
