package dev.millrace.kafka.internal.report;

import dev.millrace.errors.Causes;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.internal.text.Brief;
import dev.millrace.kafka.internal.text.Logs;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs failures: one line each, with the error code that stands for the failure where its message
 * is hidden, and the stack trace with the first of its kind. Thread-safe.
 */
/*
 * Two failures are of one kind if the classes in their chains of causes are the same, and were thrown
 * at the same places. The 200 kinds that were seen last are remembered; of a kind that comes back after
 * that, the trace is logged again.
 */
public final class FailureLog {

  private static final Logger RECORDS = LoggerFactory.getLogger(Logs.RECORDS);
  private static final Logger LOOP = LoggerFactory.getLogger(Logs.LOOP);

  private static final int KINDS = 200;
  private static final int FRAMES = 3;

  private final Map<String, Boolean> kinds =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > KINDS;
        }
      };

  /** Something has failed, and the loop goes on. */
  public void survived(Exception failure) {
    if (failure instanceof RecordFailedException record) {
      if (record.isLast()) { // the line of the dead letter follows, or the loop stops with it
        RECORDS.debug("{}", record.getMessage());
      } else {
        Throwable cause = record.getCause();
        warn(RECORDS, String.valueOf(record.getMessage()), cause == null ? record : cause);
      }
    } else {
      warn(LOOP, "the loop goes on after: " + Brief.of(failure), failure);
    }
  }

  /** A record is safe in the dead letters. */
  public void deadLettered(DeadLetter letter) {
    warn(RECORDS, "dead letter: " + letter, letter.cause());
  }

  void warn(Logger log, String line, Throwable failure) {
    if (!log.isWarnEnabled()) {
      return;
    }
    String coded = line + " [error " + Brief.code(failure) + "]";
    if (isNew(failure)) {
      log.warn(coded, failure);
    } else {
      log.warn(coded);
    }
  }

  private boolean isNew(Throwable failure) {
    String kind = kind(failure);
    synchronized (kinds) {
      return kinds.put(kind, true) == null;
    }
  }

  private static String kind(Throwable failure) {
    var kind = new StringBuilder();
    for (Throwable one : Causes.chain(failure)) {
      kind.append(one.getClass().getName());
      StackTraceElement[] trace = one.getStackTrace();
      for (int i = 0; i < Math.min(FRAMES, trace.length); i++) {
        kind.append('|').append(trace[i]);
      }
      kind.append('\n');
    }
    return kind.toString();
  }
}
