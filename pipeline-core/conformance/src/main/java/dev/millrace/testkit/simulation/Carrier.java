package dev.millrace.testkit.simulation;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/** The one platform thread that runs all threads of a world, one after the other. */
final class Carrier extends Thread {

  private static final MethodHandle CURRENT = current();

  final World world;

  Carrier(World world) {
    super("simulation");
    this.world = world;
    setDaemon(true);
  }

  @Override
  public void run() {
    world.run();
  }

  private static MethodHandle current() {
    try {
      return MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
          .findStatic(Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JDK has no Thread.currentCarrierThread", e);
    }
  }

  /** The world of the calling thread; null for a thread outside of the simulation. */
  static @Nullable World world() {
    try {
      return (Thread) CURRENT.invokeExact() instanceof Carrier carrier ? carrier.world : null;
    } catch (Throwable e) {
      throw new LinkageError("Thread.currentCarrierThread", e);
    }
  }
}
