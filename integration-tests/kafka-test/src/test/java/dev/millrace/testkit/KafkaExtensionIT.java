package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.platform.commons.util.ExceptionUtils;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The parameters of tests, their sharing, and their end. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KafkaExtensionIT {

  private static final Set<Object> SEEN = ConcurrentHashMap.newKeySet();
  private static final Set<TestKafka> BROKERS = ConcurrentHashMap.newKeySet();
  private static final CyclicBarrier BOTH = new CyclicBarrier(2);

  @BeforeEach
  void forget() {
    SEEN.clear();
    BROKERS.clear();
  }

  private static EngineExecutionResults run(Class<?>... classes) {
    return EngineTestKit.engine("junit-jupiter")
        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
        .configurationParameter(
            "junit.jupiter.execution.parallel.mode.classes.default", "concurrent")
        .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
        .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "2")
        .selectors(
            Stream.of(classes).map(each -> selectClass(each)).toArray(DiscoverySelector[]::new))
        .execute();
  }

  private static void passes(int tests, Class<?>... classes) {
    EngineExecutionResults results = run(classes);
    assertThat(failuresIn(results)).as("failures of the inner tests").isEmpty();
    results.testEvents().assertStatistics(counts -> counts.started(tests).succeeded(tests));
  }

  /** The failures of tests and of their classes, each with its stack trace. */
  private static List<String> failuresIn(EngineExecutionResults results) {
    return results
        .allEvents()
        .executions()
        .failed()
        .map(
            failed ->
                failed.getTestDescriptor().getUniqueId()
                    + ": "
                    + failed
                        .getTerminationInfo()
                        .getExecutionResult()
                        .getThrowable()
                        .map(ExceptionUtils::readStackTrace)
                        .orElse("no exception"))
        .toList();
  }

  private static void isGone(TestKafka kafka) {
    assertThatThrownBy(() -> kafka.admin().describeCluster().nodes().get())
        .as("its admin client is closed")
        .hasMessageContaining("closing");
    int port = Integer.parseInt(kafka.bootstrapServers().split(":", -1)[1]);
    if (kafka.place() != Place.EXTERNAL) {
      assertThatThrownBy(() -> new java.net.Socket(InetAddress.getLoopbackAddress(), port).close())
          .isInstanceOf(java.net.ConnectException.class);
    }
  }

  @KafkaTest
  static class Parameters {

    @BeforeAll
    static void forAll(TestTopic topic, Producer<byte[], byte[]> producer) {
      SEEN.add(topic);
    }

    Parameters(TestTopic topic) {
      SEEN.add(topic);
    }

    @Test
    void everyParameterWorks(
        TestKafka kafka,
        Admin admin,
        TestTopic one,
        @Partitions(3) TestTopic three,
        Producer<String, Integer> producer,
        KafkaProducer<byte[], String> another)
        throws Exception {
      assertThat(admin).isSameAs(kafka.admin());
      assertThat(producer.send(new ProducerRecord<>(one.name(), "key", 1)).get().offset()).isZero();
      assertThat(another.send(new ProducerRecord<>(three.name(), 2, null, "v")).get().offset())
          .isZero();
      assertThat(three.partitions()).isEqualTo(3);
      SEEN.addAll(List.of(one, three, producer));
      BROKERS.add(kafka);
    }
  }

  @Test
  void parametersAreOfTheTestAndEndWithIt() {
    passes(1, Parameters.class);
    Set<String> names = new HashSet<>();
    for (Object seen : SEEN) {
      if (seen instanceof TestTopic topic) {
        names.add(topic.name());
      } else if (seen instanceof Producer<?, ?> producer) {
        assertThatThrownBy(() -> producer.partitionsFor("any")).hasMessageContaining("close");
      }
    }
    assertThat(names).hasSize(4);
    isGone(BROKERS.iterator().next());
  }

  @KafkaTest
  static class First {
    @Test
    void isThereWithTheOther(TestKafka kafka) throws Exception {
      BROKERS.add(kafka);
      BOTH.await(60, TimeUnit.SECONDS);
    }
  }

  @KafkaTest
  static class Second extends First {}

  @Test
  void classesThatRunAtTheSameTimeShareTheBroker() {
    passes(2, First.class, Second.class);
    assertThat(BROKERS).hasSize(1);
    isGone(BROKERS.iterator().next());
  }

  @KafkaTest(owner = KafkaTest.Owner.CLASS)
  @Execution(ExecutionMode.SAME_THREAD)
  static class WithItsOwn {
    @Test
    void asks(TestKafka kafka) {
      BROKERS.add(kafka);
    }

    @Nested
    class Inner {
      @Test
      void asks(TestKafka kafka) {
        BROKERS.add(kafka);
      }
    }
  }

  @KafkaTest
  static class Sharing {
    @Test
    void asks(TestKafka kafka) {
      BROKERS.add(kafka);
    }
  }

  @Test
  void classMayHaveABrokerOfItsOwn() {
    passes(3, Sharing.class, WithItsOwn.class);
    assertThat(BROKERS).hasSize(2);
    BROKERS.forEach(KafkaExtensionIT::isGone);
  }

  @KafkaTest
  static class Wrong {
    @Test
    void raw(@SuppressWarnings("rawtypes") Producer producer) {}

    @Test
    void unknown(Producer<String, Thread> producer) {}
  }

  @Test
  void parameterThatCanNotBeMadeSaysWhatToDo() {
    run(Wrong.class)
        .testEvents()
        .failed()
        .assertEventsMatchLoosely(
            org.junit.platform.testkit.engine.EventConditions.event(
                finishedWithFailure(message(text -> text.contains("say what the producer sends")))),
            org.junit.platform.testkit.engine.EventConditions.event(
                finishedWithFailure(
                    message(text -> text.contains("no serializer of java.lang.Thread")))));
  }

  /** The place of the run does not matter here: the test tries all available places. */
  @Test
  void externalBrokerIsLeftAsItWas() throws Exception {
    try (var broker = LocalBroker.start();
        var admin = broker.admin()) {
      Map<String, String> settings = Map.of(PlaceChoice.BOOTSTRAP, broker.bootstrapServers());
      var choice = PlaceChoice.of(settings::get, () -> new DockerOffer(null, ""));
      try (var kafka = RunningKafka.open(choice)) {
        assertThat(kafka.place()).isEqualTo(Place.EXTERNAL);
        kafka.createTopic("mine", 2);
        assertThat(admin.listTopics().names().get()).contains("mine");
      }
      await() // the broker answers before all its parts know that the topic is gone
          .atMost(Duration.ofSeconds(60))
          .until(() -> !admin.listTopics().names().get().contains("mine"));
    }
  }

  @Test
  void childProcessIsGoneAfterwards() throws Exception {
    TestKafka used;
    try (var kafka = RunningKafka.open(new PlaceChoice(Place.PROCESS, "", ""))) {
      kafka.createTopic("mine", 2);
      used = kafka;
    }
    isGone(used);
  }
}
