package dev.millrace.kafka.tracing.internal;

import io.opentelemetry.context.propagation.TextMapGetter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Reads the headers of a record. If several headers have one name, the last one counts. */
enum HeaderGetter implements TextMapGetter<Headers> {
  INSTANCE;

  /** The largest size of a header, in bytes: the limit of W3C Baggage, the longest of them. */
  private static final int MAX_BYTES = 8192;

  @Override
  @SuppressWarnings("deprecation") // deprecated, but the interface requires it
  public Iterable<String> keys(Headers headers) {
    Set<String> names = new LinkedHashSet<>();
    headers.forEach(one -> names.add(one.key()));
    return names;
  }

  @Override
  public @Nullable String get(@Nullable Headers headers, String name) {
    Header header = headers == null ? null : headers.lastHeader(name);
    byte[] value = header == null ? null : header.value();
    return value == null || value.length > MAX_BYTES
        ? null
        : new String(value, StandardCharsets.UTF_8);
  }
}
