package dev.millrace.kafka.internal.serde;

import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Makes the application's deserializers, as Kafka's consumer would. */
public final class Deserializers {

  private Deserializers() {}

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
