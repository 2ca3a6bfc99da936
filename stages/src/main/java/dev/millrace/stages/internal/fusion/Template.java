package dev.millrace.stages.internal.fusion;

/**
 * An object of a class that can be defined again; see {@link Twin}.
 *
 * <p>The class has a constructor without parameters. Its own name must not stand in the descriptor
 * of a field or of a method that the class calls on itself, and none of its lambdas may capture
 * {@code this}: such a name means the plain class, also in a twin.
 */
public interface Template {

  /** A new object of the same class, without any state. */
  Template fresh();
}
