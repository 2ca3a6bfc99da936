package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Causes;
import dev.millrace.kafka.internal.serde.UnreadableException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RetriableException;

/** The default rule for failures that are retried. */
final class Retryable {

  private Retryable() {}

  /**
   * All failures of handlers. For deserializers, only network failures, for example of a schema
   * registry: any other failure would repeat with the same bytes. For a record that could not be
   * fetched, no failure.
   */
  static boolean byDefault(Throwable failure) {
    if (failure instanceof UnreadableException) {
      return false;
    }
    return !(failure instanceof RecordDeserializationException)
        || Causes.find(failure, Retryable::isOfNetwork) != null;
  }

  /** Of IOException, only the class itself: parsers throw subclasses of it for unreadable input. */
  private static boolean isOfNetwork(Throwable e) {
    return e.getClass() == IOException.class
        || e instanceof SocketException
        || e instanceof SocketTimeoutException
        || e instanceof UnknownHostException
        || e instanceof TimeoutException
        || e instanceof RetriableException;
  }
}
