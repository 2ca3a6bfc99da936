package dev.millrace.kafka.internal.serde;

import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.serialization.BooleanDeserializer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import org.apache.kafka.common.serialization.BytesDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.DoubleDeserializer;
import org.apache.kafka.common.serialization.FloatDeserializer;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.ShortDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.UUIDDeserializer;
import org.apache.kafka.common.serialization.VoidDeserializer;
import org.jspecify.annotations.Nullable;

/** Makes the application's deserializers, as Kafka's consumer would. */
public final class Deserializers {

  /** These only read their settings after they are configured. Their subclasses may do more. */
  private static final Set<Class<?>> STATELESS =
      Set.of(
          BooleanDeserializer.class,
          ByteArrayDeserializer.class,
          ByteBufferDeserializer.class,
          BytesDeserializer.class,
          DoubleDeserializer.class,
          FloatDeserializer.class,
          IntegerDeserializer.class,
          LongDeserializer.class,
          ShortDeserializer.class,
          StringDeserializer.class,
          UUIDDeserializer.class,
          VoidDeserializer.class);

  private Deserializers() {}

  /** Whether any number of threads may call a configured deserializer at once. */
  static boolean isStateless(Deserializer<?> deserializer) {
    return STATELESS.contains(deserializer.getClass());
  }

  /**
   * The given one as it is; or a new one of the class that the property names, configured.
   *
   * @throws IllegalArgumentException if the property names no class that can be used
   */
  @SuppressWarnings("unchecked") // the property's class is the application's word
  public static <T> Deserializer<T> of(
      @Nullable Deserializer<T> given,
      Map<String, Object> properties,
      String property,
      boolean isKey) {
    if (given != null) {
      return given;
    }
    Object value = Objects.requireNonNull(properties.get(property), property);
    try {
      Class<?> type = value instanceof Class<?> known ? known : load(value.toString().strip());
      var deserializer = (Deserializer<T>) type.getDeclaredConstructor().newInstance();
      deserializer.configure(properties, isKey);
      return deserializer;
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new IllegalArgumentException(
          "'%s' is %s, which is not a Deserializer with a public constructor without parameters"
              .formatted(property, value),
          e);
    }
  }

  private static Class<?> load(String name) throws ClassNotFoundException {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return Class.forName(
        name, true, loader != null ? loader : Deserializers.class.getClassLoader());
  }
}
