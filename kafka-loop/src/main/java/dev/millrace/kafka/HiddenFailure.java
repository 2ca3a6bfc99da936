package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;

/**
 * Stands for an exception whose message stays inside of the process. Its own message is the error
 * code of the exception, which the log has beside the message.
 */
@SuppressWarnings("OverrideThrowableToString") // it stands for another class
final class HiddenFailure extends Exception {

  private static final long serialVersionUID = 1L;

  /** The class of the exception. */
  final transient Class<?> kind;

  HiddenFailure(Throwable hidden) {
    super("error " + Brief.code(hidden), null, false, false);
    this.kind = hidden.getClass();
  }

  @Override
  public String toString() {
    return kind.getName() + ": " + getMessage();
  }
}
