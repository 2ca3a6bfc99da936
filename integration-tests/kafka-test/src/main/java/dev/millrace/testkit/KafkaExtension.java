package dev.millrace.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * The extension behind {@link KafkaTest}: resolves the parameters of constructors, tests and
 * lifecycle methods.
 *
 * <ul>
 *   <li>{@link TestKafka}: the broker, started when the first test asks for it;
 *   <li>{@link Admin}: the broker's admin client; tests must not close it;
 *   <li>{@link TestTopic}: a new topic that accepts records; {@link Partitions} sets the number of
 *       its partitions;
 *   <li>{@link Producer} or {@link KafkaProducer}, for types that {@link Serdes} supports: a new
 *       producer that waits for all replicas. It is closed at the end of the test; for a method
 *       such as {@code @BeforeAll}, at the end of the class.
 * </ul>
 *
 * <p>Test classes may run in parallel. The broker is closed after the last test of the class or of
 * the run. It needs JUnit 5.13 or newer.
 */
public final class KafkaExtension implements ParameterResolver {

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(KafkaExtension.class);

  /** Used by JUnit. */
  public KafkaExtension() {}

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == TestKafka.class
        || type == TestTopic.class
        || type == Admin.class
        || isProducer(type);
  }

  private static boolean isProducer(Class<?> type) {
    return type == Producer.class || type == KafkaProducer.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    RunningKafka kafka = kafka(context);
    if (type == TestKafka.class) {
      return kafka;
    }
    if (type == Admin.class) {
      return kafka.admin();
    }
    return type == TestTopic.class
        ? topic(parameter, kafka)
        : producer(parameter.getParameter(), kafka, context);
  }

  private static RunningKafka kafka(ExtensionContext context) {
    ExtensionContext holder = context.getRoot();
    Object key = KafkaTest.Owner.RUN;
    for (var each = context; each.getTestClass().isPresent(); each = each.getParent().get()) {
      if (hasItsOwn(each.getRequiredTestClass())) { // the outermost of nested classes holds it
        holder = each;
        key = each.getRequiredTestClass();
      }
    }
    return holder
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(key, owner -> open(), RunningKafka.class);
  }

  private static boolean hasItsOwn(Class<?> testClass) {
    return AnnotationSupport.findAnnotation(testClass, KafkaTest.class)
        .filter(annotation -> annotation.owner() == KafkaTest.Owner.CLASS)
        .isPresent();
  }

  private static RunningKafka open() {
    try {
      return RunningKafka.open(PlaceChoice.ofThisJvm());
    } catch (IOException e) {
      throw new UncheckedIOException("there is no broker for the tests", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ParameterResolutionException("interrupted while the broker started", e);
    }
  }

  private static TestTopic topic(ParameterContext parameter, RunningKafka kafka) {
    int partitions = parameter.findAnnotation(Partitions.class).map(Partitions::value).orElse(1);
    var topic = new TestTopic("test-" + UUID.randomUUID(), partitions);
    try {
      kafka.createTopic(topic.name(), partitions);
    } catch (ExecutionException e) {
      throw new ParameterResolutionException("the broker refuses a topic for the test", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ParameterResolutionException("interrupted while a topic was created", e);
    }
    return topic;
  }

  private static KafkaProducer<?, ?> producer(
      Parameter parameter, RunningKafka kafka, ExtensionContext context) {
    if (!(parameter.getParameterizedType() instanceof ParameterizedType type)) {
      throw new ParameterResolutionException(
          "say what the producer sends, Producer<String, String> for example: " + parameter);
    }
    Type[] types = type.getActualTypeArguments();
    Map<String, Object> properties =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            kafka.bootstrapServers(),
            ProducerConfig.ACKS_CONFIG,
            "all");
    var producer =
        new KafkaProducer<>(
            properties, serializer(types[0], parameter), serializer(types[1], parameter));
    context.getStore(NAMESPACE).put(producer, producer); // which is closed with the context
    return producer;
  }

  private static Serializer<?> serializer(Type type, Parameter parameter) {
    try {
      return Serdes.serdeFrom((Class<?>) type).serializer();
    } catch (IllegalArgumentException | ClassCastException e) {
      throw new ParameterResolutionException(
          "Kafka's Serdes has no serializer of %s: make the producer of %s in the test"
              .formatted(type.getTypeName(), parameter),
          e);
    }
  }
}
