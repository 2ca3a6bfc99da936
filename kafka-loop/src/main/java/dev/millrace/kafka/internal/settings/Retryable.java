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

/** Which failures are worth another attempt if the application has not said so. */
final class Retryable {

  private Retryable() {}

  /**
   * All failures of handlers. Of deserializers only those of the network behind them, such as of a
   * registry of schemas: any other failure comes again with the same bytes. Of a record that could
   * not be fetched, none.
   */
  static boolean byDefault(Throwable failure) {
    if (failure instanceof UnreadableException) {
      return false;
    }
    return !(failure instanceof RecordDeserializationException)
        || Causes.find(failure, Retryable::isOfNetwork) != null;
  }

  /** A plain IOException only: parsers throw subclasses of it for what they cannot read. */
  private static boolean isOfNetwork(Throwable e) {
    return e.getClass() == IOException.class
        || e instanceof SocketException
        || e instanceof SocketTimeoutException
        || e instanceof UnknownHostException
        || e instanceof TimeoutException
        || e instanceof RetriableException;
  }
}
