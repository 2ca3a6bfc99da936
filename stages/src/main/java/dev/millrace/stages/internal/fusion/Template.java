package dev.millrace.stages.internal.fusion;

/**
 * An object of a class that can be defined again; see {@link Twin}.
 *
 * <p>The class is final, and has a constructor without parameters. It calls no method of its own
 * whose descriptor has its name, and has no lambda that captures {@code this}. The reason: in a
 * descriptor, the name means the plain class, also in a twin.
 */
public interface Template {

  /** A new object of the same class, without any state. */
  Template fresh();
}
