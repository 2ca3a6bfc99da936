package dev.millrace.samples.spring;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The health of the loop, for the probes of an orchestrator. */
@Configuration(proxyBeanMethods = false)
class LoopHealth {

  // doc:begin
  @Bean
  HealthIndicator loopAlive(OrderLoop loop) {
    return () -> show(loop.health(), loop.health().isAlive());
  }

  @Bean
  HealthIndicator loopReady(OrderLoop loop) {
    return () -> show(loop.health(), loop.health().isReady());
  }

  // doc:end

  private static Health show(dev.millrace.kafka.Health health, boolean isUp) {
    return (isUp ? Health.up() : Health.down())
        .withDetail("state", health.state())
        .withDetail("reason", health.reason())
        .build();
  }
}
