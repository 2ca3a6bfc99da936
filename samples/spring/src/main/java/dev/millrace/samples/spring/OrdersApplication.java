package dev.millrace.samples.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Sums the amounts of orders. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class OrdersApplication {

  /** Runs until SIGTERM. */
  public static void main(String[] args) {
    SpringApplication.run(OrdersApplication.class, args);
  }
}
