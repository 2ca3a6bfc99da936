package dev.millrace.test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The resources that a test gives to the code under test: each must be closed exactly once before
 * the test ends. A parameter of tests and of their lifecycle methods, for classes and methods with
 * {@link NoLeaks}. Thread-safe.
 */
public final class Leaks {

  private final List<Tracked> resources = new ArrayList<>();

  Leaks() {}

  /** A resource; {@link AutoCloseable#close} counts. */
  private static final class Tracked implements AutoCloseable {
    private final String name;
    private final Exception opened = new Exception("opened here");
    private int closes;

    Tracked(String name) {
      this.name = name;
    }

    @Override
    public synchronized void close() {
      closes++;
    }

    synchronized String fault() {
      return closes == 1
          ? ""
          : closes == 0
              ? "resource '%s' was not closed".formatted(name)
              : "resource '%s' was closed %d times".formatted(name, closes);
    }
  }

  /**
   * A resource that must be closed exactly once.
   *
   * @param name for the message
   */
  public AutoCloseable resource(String name) {
    var tracked = new Tracked(Objects.requireNonNull(name, "name"));
    synchronized (resources) {
      resources.add(tracked);
    }
    return tracked;
  }

  /** Takes the faults out, each as an exception with the place where the resource was opened. */
  List<AssertionError> take() {
    List<AssertionError> faults = new ArrayList<>();
    synchronized (resources) {
      for (Tracked one : resources) {
        String fault = one.fault();
        if (!fault.isEmpty()) {
          faults.add(new AssertionError(fault, one.opened));
        }
      }
      resources.clear();
    }
    return faults;
  }
}
