package dev.millrace.stages.internal.fusion;

/** The engine around {@link FusedMappings}. */
public interface MappingHost {
  /** Asked after each call of a function. */
  Guard guard();

  /** No stage takes the result of a mapping; throws the error that ends the stages. */
  void left();

  /** A function has returned, and the thread is interrupted: by the function, or by the run. */
  void interrupted();

  /** The function of that stage has thrown. */
  void thrown(int index, Object element, Throwable cause);
}
