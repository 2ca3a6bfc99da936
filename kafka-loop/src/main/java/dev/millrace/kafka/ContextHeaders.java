package dev.millrace.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.Metadata;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Carries a context through Kafka: its deadline and the declared names of its {@link Metadata}
 * become headers of a record, and the headers become a context again.
 *
 * <pre>{@code
 * private static final ContextHeaders CALLER = ContextHeaders.declaring("tenant");
 *
 * CALLER.inject(context, toSend.headers()); // where the record is sent
 *
 * builder.handler(CALLER.skippingLate(handler, record -> skipped.increment())); // where it is handled
 * }</pre>
 *
 * <p>The handler runs in a context that ends at the caller's deadline: {@link Context#current} in
 * the handler is that context. A record whose deadline has passed is handled nevertheless ({@link
 * #handler}), or skipped ({@link #skippingLate}), because its caller has given up.
 *
 * <p>A deadline is an instant of the sender's wall clock, in milliseconds since 1970. Clocks of two
 * machines differ: {@link #tolerating} adds time before a record counts as late. Default: none. A
 * deadline that is not a number is ignored, so that a bad header never fails or skips a record.
 *
 * <p>Only declared names cross, because both sides of the hop must trust them. Other headers are
 * left alone.
 *
 * <p>Immutable, and thread-safe. Nothing blocks, except for the handler.
 */
public final class ContextHeaders {

  /** The name of the header with the deadline: milliseconds since 1970, as decimal text. */
  public static final String DEADLINE = "millrace-deadline";

  private final List<String> names;
  private final Duration tolerance;
  private final InstantSource clock;

  ContextHeaders(List<String> names, Duration tolerance, InstantSource clock) {
    this.names = names;
    this.tolerance = tolerance;
    this.clock = clock;
  }

  /**
   * Headers for the deadline and for these names of the metadata.
   *
   * @throws IllegalArgumentException if a name is blank, or is {@link #DEADLINE}
   */
  public static ContextHeaders declaring(String... names) {
    for (String name : names) {
      if (name.isBlank() || name.equals(DEADLINE)) {
        throw new IllegalArgumentException(
            "metadata named '" + name + "': choose a name that is not blank and not " + DEADLINE);
      }
    }
    return new ContextHeaders(List.of(names), Duration.ZERO, Time.wallClock());
  }

  /**
   * The same, but a record is late only when this time has passed since its deadline. The handler's
   * deadline is later by this time, too.
   *
   * @throws IllegalArgumentException if the time is negative
   */
  public ContextHeaders tolerating(Duration difference) {
    if (difference.isNegative()) {
      throw new IllegalArgumentException(
          "tolerance of " + difference + ": it must not be negative");
    }
    return new ContextHeaders(names, difference, clock);
  }

  /** Sets the headers of a record to be sent. Replaces the same headers of a forwarded record. */
  public void inject(Context context, Headers headers) {
    headers.remove(DEADLINE);
    Instant deadline = context.deadline();
    if (deadline != null) {
      headers.add(DEADLINE, Long.toString(millis(deadline)).getBytes(UTF_8));
    }
    names.forEach(headers::remove);
    Metadata.of(context)
        .only(names)
        .forEach((name, value) -> headers.add(name, value.getBytes(UTF_8)));
  }

  private static long millis(Instant instant) {
    try {
      return instant.toEpochMilli();
    } catch (ArithmeticException e) { // beyond 292 million years
      return instant.isBefore(Instant.EPOCH) ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /**
   * A child of the parent with the deadline and the metadata of the headers. The caller closes it.
   * If the deadline has passed, the child is cancelled already.
   */
  public CancellableContext extract(Context parent, Headers headers) {
    Context described = withMetadata(parent, headers);
    Instant deadline = deadline(headers);
    return deadline == null ? described.withCancel() : described.withDeadline(deadline);
  }

  private Context withMetadata(Context parent, Headers headers) {
    return Metadata.extract(names, name -> texts(headers, name)).attachTo(parent);
  }

  private static List<String> texts(Headers headers, String name) {
    List<String> texts = new ArrayList<>();
    for (Header header : headers.headers(name)) {
      if (header.value() != null) {
        texts.add(new String(header.value(), UTF_8));
      }
    }
    return texts;
  }

  /** Whether the deadline in the headers has passed; false without one. */
  public boolean isLate(Headers headers) {
    Instant deadline = deadline(headers);
    return deadline != null && !clock.instant().isBefore(deadline);
  }

  private @Nullable Instant deadline(Headers headers) {
    Header header = headers.lastHeader(DEADLINE);
    if (header == null || header.value() == null) {
      return null;
    }
    try {
      return Instant.ofEpochMilli(Long.parseLong(new String(header.value(), UTF_8)))
          .plus(tolerance);
    } catch (NumberFormatException e) { // no deadline of ours
      return null;
    }
  }

  /**
   * A handler that runs in the caller's context. A late record is handled without the caller's
   * deadline, because it has passed; the metadata is there.
   */
  public <K, V> RecordHandler<K, V> handler(RecordHandler<K, V> handler) {
    Objects.requireNonNull(handler, "handler");
    return record -> {
      if (isLate(record.headers())) {
        call(withMetadata(Context.current(), record.headers()), handler, record);
      } else {
        handleInTime(handler, record);
      }
    };
  }

  /**
   * A handler that runs in the caller's context and skips late records. A skipped record is
   * settled: its offset is committed.
   *
   * @param skipped gets each skipped record, in the thread of the handler; an exception is a
   *     failure of the record
   */
  public <K, V> RecordHandler<K, V> skippingLate(
      RecordHandler<K, V> handler, Consumer<? super ConsumerRecord<K, V>> skipped) {
    Objects.requireNonNull(handler, "handler");
    Objects.requireNonNull(skipped, "skipped");
    return record -> {
      if (isLate(record.headers())) {
        skipped.accept(record);
      } else {
        handleInTime(handler, record);
      }
    };
  }

  private <K, V> void handleInTime(RecordHandler<K, V> handler, ConsumerRecord<K, V> record)
      throws Exception {
    try (var context = extract(Context.current(), record.headers())) {
      call(context, handler, record);
    }
  }

  private static <K, V> void call(
      Context context, RecordHandler<K, V> handler, ConsumerRecord<K, V> record) throws Exception {
    context.call(
        () -> {
          handler.handle(record);
          return true;
        });
  }
}
