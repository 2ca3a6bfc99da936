package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Causes;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Notification;
import dev.millrace.testkit.LocalBroker;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A user who has no right at first, at a broker with Kafka's own authorizer. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RightsIT {

  private static final Duration LONG = Duration.ofSeconds(40);

  private static @Nullable LocalBroker started;

  private final WatchedLoops loops = new WatchedLoops();
  private final String topic = loops.topic;
  private final String group = loops.group;
  private final Set<String> handled = loops.handled;
  private final List<Exception> errors = loops.errors;

  @BeforeAll
  static void startBroker() throws Exception {
    started = LocalBroker.startAuthorizing("shop", "correct-horse");
  }

  @AfterAll
  static void stopBroker() {
    broker().close();
  }

  private static LocalBroker broker() {
    return Objects.requireNonNull(started);
  }

  @BeforeEach
  void createTopic() throws Exception {
    broker().createTopic(topic, 1);
    produce("a");
  }

  @AfterEach
  void drainLoops() throws Exception {
    loops.drain(Duration.ofSeconds(5));
  }

  private void produce(String value) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker().bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>(topic, value)).get();
    }
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", broker().bootstrapServers()));
  }

  private AclBinding right(
      ResourceType type, AclOperation operation, AclPermissionType permission) {
    return right(type, type == ResourceType.TOPIC ? topic : group, operation, permission);
  }

  private static AclBinding right(
      ResourceType type, String name, AclOperation operation, AclPermissionType permission) {
    return new AclBinding(
        new ResourcePattern(type, name, PatternType.LITERAL),
        new AccessControlEntry("User:shop", "*", operation, permission));
  }

  private static AclBinding all(ResourceType type, String name) {
    return right(type, name, AclOperation.ALL, AclPermissionType.ALLOW);
  }

  private AclBinding reads(ResourceType type) {
    return right(type, AclOperation.READ, AclPermissionType.ALLOW);
  }

  private static void grant(AclBinding... rights) throws Exception {
    try (Admin admin = admin()) {
      admin.createAcls(List.of(rights)).all().get();
    }
  }

  private static void take(AclBinding... rights) throws Exception {
    try (Admin admin = admin()) {
      admin.deleteAcls(Stream.of(rights).map(AclBinding::toFilter).toList()).all().get();
    }
  }

  private void keepSilentMembersFor(Duration time) throws Exception {
    var resource = new ConfigResource(ConfigResource.Type.GROUP, group);
    var entry = new ConfigEntry("consumer.session.timeout.ms", Long.toString(time.toMillis()));
    try (Admin admin = admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(resource, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  private long committed() throws Exception {
    try (Admin admin = admin()) {
      return loops.committed(admin, 0);
    }
  }

  private FaceBuilder builder(Face face, String protocol) {
    return builder(face, protocol, Map.of());
  }

  private FaceBuilder builder(Face face, String protocol, Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put("bootstrap.servers", broker().securedBootstrapServers());
    properties.put("security.protocol", "SASL_PLAINTEXT");
    properties.put("sasl.mechanism", "PLAIN");
    properties.put(
        "sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"shop\""
            + " password=\"correct-horse\";");
    return loops.builder(face, protocol, properties);
  }

  private void awaitRefusal(Loop loop, FutureTask<String> running) {
    awaitRefusal(loop, running, AuthorizationException.class);
  }

  private void awaitRefusal(
      Loop loop, FutureTask<String> running, Class<? extends Exception> refusal) {
    errors.clear();
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(errors.toArray(Exception[]::new))
                    .as("ended: %s, %s", running.isDone(), loop.health())
                    .anyMatch(e -> Causes.find(e, refusal) != null));
  }

  @ParameterizedTest
  @CsvSource({"CHANNEL, classic", "CHANNEL, consumer", "REACTOR, classic", "REACTOR, consumer"})
  void loopWaitsForRightsThatComeLaterAndAreTakenAwayAgain(Face face, String protocol)
      throws Exception {
    Loop loop =
        builder(face, protocol).with(more -> more.awaitRights(Duration.ofMillis(200))).build();
    var running = loops.start(loop);
    awaitRefusal(loop, running);
    assertThat(loop.health().reason()).contains("a right is refused");
    grant(reads(ResourceType.TOPIC));
    awaitRefusal(loop, running); // of the group
    grant(reads(ResourceType.GROUP));
    await().atMost(LONG).until(() -> handled.contains("a") && committed() == 1);
    take(reads(ResourceType.TOPIC));
    produce("b");
    awaitRefusal(loop, running);
    grant(reads(ResourceType.TOPIC));
    await().atMost(LONG).until(() -> handled.contains("b") && committed() == 2);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  /**
   * With KIP-848, Kafka's consumer is out of use after a heartbeat that was refused. The right to
   * describe the group lets it find its coordinator.
   */
  @ParameterizedTest
  @CsvSource({"CHANNEL, true", "REACTOR, false"})
  void memberThatItsGroupHasRefusedJoinsAgain(Face face, boolean isStatic) throws Exception {
    grant(reads(ResourceType.TOPIC), reads(ResourceType.GROUP));
    grant(right(ResourceType.GROUP, AclOperation.DESCRIBE, AclPermissionType.ALLOW));
    keepSilentMembersFor(Duration.ofSeconds(3));
    List<Notification> changes = new CopyOnWriteArrayList<>();
    Map<String, Object> name = isStatic ? Map.of("group.instance.id", "one") : Map.of();
    Loop loop =
        builder(face, "consumer", name)
            .with(more -> more.awaitRights(Duration.ofMillis(200)).onNotification(changes::add))
            .build();
    var running = loops.start(loop);
    await().atMost(LONG).until(() -> committed() == 1);
    take(reads(ResourceType.GROUP));
    await().atMost(LONG).until(() -> changes.stream().anyMatch(one -> !one.released().isEmpty()));
    errors.clear();
    awaitRefusal(loop, running, GroupAuthorizationException.class); // of a member that joins
    produce("b");
    grant(reads(ResourceType.GROUP));
    await().atMost(LONG.plus(LONG)).until(() -> handled.contains("b") && committed() == 2);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  /**
   * The rights of the transactional id, of the outputs, and of the group inside of a transaction.
   */
  @ParameterizedTest
  @EnumSource(Face.class)
  void loopWithTransactionsWaitsForRights(Face face) throws Exception {
    String outputs = topic + "-outputs";
    broker().createTopic(outputs, 1);
    grant(reads(ResourceType.TOPIC), reads(ResourceType.GROUP));
    Loop loop =
        builder(face, "classic")
            .with(more -> more.awaitRights(Duration.ofMillis(200)))
            .transactionalHandler(
                (record, output) -> {
                  handled.add(record.value());
                  output.send(new ProducerRecord<>(outputs, record.value()));
                })
            .build();
    var running = loops.start(loop);
    awaitRefusal(loop, running, TransactionalIdAuthorizationException.class);
    AclBinding ids =
        new AclBinding(
            new ResourcePattern(ResourceType.TRANSACTIONAL_ID, group, PatternType.PREFIXED),
            all(ResourceType.TOPIC, outputs).entry());
    grant(ids);
    awaitRefusal(loop, running, TopicAuthorizationException.class); // of the outputs
    AclBinding writes = all(ResourceType.TOPIC, outputs);
    grant(writes);
    await().atMost(LONG).until(() -> committed() == 1);
    take(reads(ResourceType.GROUP));
    produce("b");
    awaitRefusal(loop, running, GroupAuthorizationException.class);
    grant(reads(ResourceType.GROUP));
    await().atMost(LONG).until(() -> handled.contains("b") && committed() == 2);
    take(ids);
    produce("c");
    awaitRefusal(loop, running, TransactionalIdAuthorizationException.class);
    grant(ids);
    await().atMost(LONG).until(() -> handled.contains("c") && committed() == 3);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  /** Which it needs to find the coordinator of the group, and to ask where to begin. */
  @ParameterizedTest
  @EnumSource(
      value = Face.class,
      names = {"CHANNEL", "REACTOR"})
  void loopWaitsForTheRightToDescribeItsGroup(Face face) throws Exception {
    AclBinding mayNotDescribe =
        right(ResourceType.GROUP, AclOperation.DESCRIBE, AclPermissionType.DENY);
    grant(reads(ResourceType.TOPIC), reads(ResourceType.GROUP), mayNotDescribe);
    Loop loop =
        builder(face, "classic").with(more -> more.awaitRights(Duration.ofMillis(200))).build();
    var running = loops.start(loop);
    awaitRefusal(loop, running);
    assertThat(handled).isEmpty();
    take(mayNotDescribe);
    await().atMost(LONG).until(() -> handled.contains("a") && committed() == 1);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  @ParameterizedTest
  @EnumSource(
      value = Face.class,
      names = {"CHANNEL", "REACTOR"})
  void refusedRightEndsTheLoopByDefault(Face face) {
    Loop loop = builder(face, "classic").build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(AuthorizationException.class);
  }
}
