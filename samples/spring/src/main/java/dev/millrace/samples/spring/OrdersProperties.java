package dev.millrace.samples.spring;

import java.time.Duration;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The settings of the application.
 *
 * @param kafka Kafka's own properties
 */
@ConfigurationProperties("orders")
record OrdersProperties(
    String topic,
    String deadLetterTopic,
    int concurrency,
    Duration drainTimeout,
    Map<String, String> kafka) {}
