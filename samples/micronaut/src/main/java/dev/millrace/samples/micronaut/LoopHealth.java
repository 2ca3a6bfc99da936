package dev.millrace.samples.micronaut;

import static io.micronaut.health.HealthStatus.DOWN;
import static io.micronaut.health.HealthStatus.UP;

import dev.millrace.kafka.Health;
import io.micronaut.context.annotation.Factory;
import io.micronaut.core.async.publisher.Publishers;
import io.micronaut.management.health.indicator.HealthIndicator;
import io.micronaut.management.health.indicator.HealthResult;
import io.micronaut.management.health.indicator.annotation.Liveness;
import io.micronaut.management.health.indicator.annotation.Readiness;
import jakarta.inject.Singleton;
import java.util.Map;
import org.reactivestreams.Publisher;

/** The health of the loop, for the probes of an orchestrator. */
@Factory
class LoopHealth {

  // doc:begin
  @Singleton
  @Liveness
  HealthIndicator loopAlive(OrderLoop loop) {
    return () -> show("loopAlive", loop.health(), loop.health().isAlive());
  }

  @Singleton
  @Readiness
  HealthIndicator loopReady(OrderLoop loop) {
    return () -> show("loopReady", loop.health(), loop.health().isReady());
  }

  // doc:end

  private static Publisher<HealthResult> show(String name, Health health, boolean isUp) {
    return Publishers.just(
        HealthResult.builder(name, isUp ? UP : DOWN)
            .details(Map.of("state", health.state(), "reason", health.reason()))
            .build());
  }
}
