package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A broker that does not start, because a framework has set the version of the client alone. */
class BrokerVersionsTest {

  @Test
  void twoVersionsAreNamed() {
    assertThat(
            BrokerProcess.mixedVersions(
                "/m2/kafka-clients/3.9.1/kafka-clients-3.9.1.jar:/m2/kafka_2.13-4.3.1.jar"))
        .contains("kafka-clients 3.9.1", "kafka_2.13 4.3.1", "one version");
    assertThat(
            BrokerProcess.mixedVersions(
                "C:\\m2\\kafka-clients-4.4.0-rc1.jar;C:\\m2\\kafka_2.13-4.3.1.jar"))
        .contains("kafka-clients 4.4.0-rc1");
  }

  @Test
  void oneVersionNeedsNoHint() {
    assertThat(
            BrokerProcess.mixedVersions(
                "/m2/kafka-clients-4.3.1.jar:/m2/kafka_2.13-4.3.1.jar:/m2/x-1.jar"))
        .isEmpty();
    assertThat(BrokerProcess.mixedVersions("/m2/kafka-clients-4.3.1.jar")).isEmpty();
    assertThat(BrokerProcess.mixedVersions(System.getProperty("java.class.path"))).isEmpty();
  }
}
