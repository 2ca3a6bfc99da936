package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.context.Context;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.testkit.LocalBroker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** A broker that demands TLS and a password. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SecurityIT {

  private static final String SECRET = "correct-horse";

  private static LocalBroker broker;
  private static String certificate;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger millrace = (Logger) LoggerFactory.getLogger("dev.millrace");
  private final Logger kafka = (Logger) LoggerFactory.getLogger("org.apache.kafka");

  @BeforeAll
  static void startBroker(@TempDir Path directory) throws Exception {
    Path keystore = directory.resolve("broker.p12");
    Path exported = directory.resolve("broker.pem");
    String[] store = {
      "-alias", "broker", "-keystore", keystore.toString(), "-storepass", "store-pass"
    };
    keytool(
        store,
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=broker",
        "-ext",
        "san=ip:127.0.0.1",
        "-storetype",
        "PKCS12");
    keytool(store, "-exportcert", "-rfc", "-file", exported.toString());
    certificate = Files.readString(exported);
    broker = LocalBroker.startSecured(keystore, "store-pass", "shop", SECRET);
    for (Face face : Face.values()) {
      broker.createTopic(orders(face), 1);
      broker.createTopic(orders(face) + ".dead", 1);
    }
  }

  private static void keytool(String[] store, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of(store));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void listenToTheLog() {
    log.start();
    for (Logger logger : List.of(millrace, kafka)) {
      logger.addAppender(log);
      logger.setAdditive(false);
      logger.setLevel(Level.DEBUG);
    }
  }

  @AfterEach
  void noSecretIsInTheLog() {
    for (Logger logger : List.of(millrace, kafka)) {
      logger.detachAppender(log);
      logger.setAdditive(true);
      logger.setLevel(null);
    }
    assertThat(log.list).isNotEmpty();
    assertThat(List.copyOf(log.list))
        .noneMatch(event -> event.getFormattedMessage().contains(SECRET))
        .noneMatch(
            event ->
                event.getThrowableProxy() != null
                    && ThrowableProxyUtil.asString(event.getThrowableProxy()).contains(SECRET));
  }

  private static Map<String, Object> properties(String password) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", broker.securedBootstrapServers());
    properties.put("security.protocol", "SASL_SSL");
    properties.put("sasl.mechanism", "PLAIN");
    properties.put(
        "sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"shop\" password=\"%s\";"
            .formatted(password));
    properties.put("ssl.truststore.type", "PEM");
    properties.put("ssl.truststore.certificates", certificate);
    return properties;
  }

  private static String orders(Face face) {
    return "orders-" + face.name().toLowerCase(Locale.ROOT);
  }

  private static FaceBuilder builder(Face face, String group, String topic, String password) {
    Map<String, Object> properties = properties(password);
    properties.put("group.id", group + "-" + face);
    return face.builder()
        .properties(properties)
        .with(loop -> loop.deserializers(new StringDeserializer(), new StringDeserializer()))
        .topics(topic);
  }

  @ParameterizedTest
  @EnumSource
  void loopAndItsDeadLettersConnectWithTlsAndPassword(Face face) throws Exception {
    String orders = orders(face);
    try (var producer =
        new KafkaProducer<>(properties(SECRET), new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(orders, "good")).get();
      producer.send(new ProducerRecord<>(orders, "bad")).get();
    }
    Set<String> handled = ConcurrentHashMap.newKeySet();
    List<String> letters = Collections.synchronizedList(new ArrayList<>());
    var loop =
        builder(face, "shop", orders, SECRET)
            .deadLetterTopic(orders + ".dead")
            .handler(
                record -> {
                  if (record.value().equals("bad")) {
                    throw new IOException("poison");
                  }
                  handled.add(record.value());
                })
            .build();
    var reader =
        builder(face, "readers", orders + ".dead", SECRET)
            .handler(record -> letters.add(record.value()))
            .build();
    var reading =
        new FutureTask<>(
            () -> {
              reader.run(Context.background());
              return "ended";
            });
    Thread.ofVirtual().start(reading);
    var running =
        new FutureTask<>(
            () -> {
              loop.run(Context.background());
              return "ended";
            });
    Thread.ofVirtual().start(running);
    await().atMost(Duration.ofSeconds(30)).until(() -> letters.contains("bad"));
    loop.drain(Duration.ofSeconds(5));
    reader.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
    assertThat(reading.get()).isEqualTo("ended");
    assertThat(handled).containsExactly("good");
  }

  @ParameterizedTest
  @EnumSource
  void wrongPasswordStopsTheLoopAndIsNotShown(Face face) {
    var loop = builder(face, "shop", orders(face), "not-" + SECRET).handler(record -> {}).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(SaslAuthenticationException.class)
        .message()
        .doesNotContain(SECRET);
    assertThat(loop.health().reason()).doesNotContain(SECRET);
  }
}
