package dev.millrace.samples.micronaut;

import static io.micronaut.core.convert.format.MapFormat.MapTransformation.FLAT;
import static io.micronaut.core.naming.conventions.StringConvention.RAW;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.convert.format.MapFormat;
import java.time.Duration;
import java.util.Map;

/**
 * The settings of the application.
 *
 * @param kafka Kafka's own properties
 */
@ConfigurationProperties("orders")
record OrdersSettings(
    String topic,
    String deadLetterTopic,
    int concurrency,
    Duration drainTimeout,
    @MapFormat(transformation = FLAT, keyFormat = RAW) Map<String, String> kafka) {}
