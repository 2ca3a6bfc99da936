package dev.millrace.context;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Data of a request that travels with its context, and from process to process: names with one or
 * more values, such as the headers of a record or of an HTTP request.
 *
 * <pre>{@code
 * Context request = Metadata.of(context).with("tenant", "acme").attachTo(context);
 *
 * Metadata.of(request).only(DECLARED).forEach((name, value) -> headers.add(name, utf8(value)));
 * Metadata received = Metadata.extract(DECLARED, name -> texts(headers.headers(name)));
 * }</pre>
 *
 * <p>Copy-on-write: every change makes a new object, so that a child's addition is never seen by
 * its parent or its siblings, and threads share it without locks. Only declared names should cross
 * a hop: {@link #only} and {@link #extract} take them, because both sides of the hop must trust
 * them.
 *
 * <p>Names are compared exactly, upper and lower case differ. Names keep the order of their first
 * value, values the order in which they were added. Use it for data that informs, not for
 * parameters of a function.
 *
 * <p>Immutable, and thread-safe. Nothing blocks. A change copies the names and the values of one
 * name; a look-up in a context takes time in its depth.
 */
public final class Metadata {

  private static final Context.Key<Metadata> KEY = Context.Key.of("metadata");
  private static final Metadata EMPTY = new Metadata(Map.of());

  private final Map<String, List<String>> values; // unmodifiable, and so are the lists

  private Metadata(Map<String, List<String>> values) {
    this.values = values;
  }

  /** Without names. */
  public static Metadata empty() {
    return EMPTY;
  }

  /** The metadata of the context: of its nearest ancestor that has some; empty if none has. */
  public static Metadata of(Context context) {
    Metadata metadata = context.value(KEY);
    return metadata == null ? EMPTY : metadata;
  }

  /**
   * Reads metadata from a carrier, such as the headers of a record.
   *
   * @param names the names to look up; others are left out
   * @param carrier gives the values of a name, in their order; empty if there are none
   */
  public static Metadata extract(
      Collection<String> names, Function<? super String, ? extends Iterable<String>> carrier) {
    Metadata metadata = EMPTY;
    for (String name : names) {
      for (String value : carrier.apply(name)) {
        metadata = metadata.with(name, value);
      }
    }
    return metadata;
  }

  /** A child of the context that carries this metadata, and hides that of its ancestors. */
  public Context attachTo(Context context) {
    return context.withValue(KEY, this);
  }

  /**
   * The same with one more value.
   *
   * @throws IllegalArgumentException if the name is blank
   */
  public Metadata with(String name, String value) {
    Objects.requireNonNull(value, "value");
    List<String> more = new ArrayList<>(values(name));
    more.add(value);
    return replaced(name, more);
  }

  /** A copy in which the name has only this value. */
  public Metadata replacing(String name, String value) {
    return replaced(name, List.of(value));
  }

  /** The same without the name. */
  public Metadata without(String name) {
    if (!values.containsKey(name)) {
      return this;
    }
    Map<String, List<String>> fewer = new LinkedHashMap<>(values);
    fewer.remove(name);
    return new Metadata(Collections.unmodifiableMap(fewer));
  }

  /** The same without all names but these. */
  public Metadata only(Collection<String> names) {
    Map<String, List<String>> chosen = new LinkedHashMap<>(values);
    chosen.keySet().retainAll(names);
    return new Metadata(Collections.unmodifiableMap(chosen));
  }

  private Metadata replaced(String name, List<String> newValues) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("the name is blank");
    }
    Map<String, List<String>> copy = new LinkedHashMap<>(values);
    copy.put(name, List.copyOf(newValues));
    return new Metadata(Collections.unmodifiableMap(copy));
  }

  /** The names, in the order of their first value. */
  public Set<String> names() {
    return values.keySet();
  }

  /** The values of the name, in their order; empty if there are none. */
  public List<String> values(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** The first value of the name; null if there is none. */
  public @Nullable String first(String name) {
    List<String> all = values(name);
    return all.isEmpty() ? null : all.getFirst();
  }

  /** Calls the action for each value, such as to write it to a carrier. */
  public void forEach(BiConsumer<? super String, ? super String> action) {
    values.forEach((name, all) -> all.forEach(value -> action.accept(name, value)));
  }

  /** Whether it has the same names with the same values; the order of the names does not count. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Metadata metadata && values.equals(metadata.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** The names and values: may contain secrets. */
  @Override
  public String toString() {
    return values.toString();
  }
}
