/** An application on the module path. */
module com.example.orders {
  requires dev.millrace.stages;
  requires dev.millrace.kafka;
  requires kafka.clients;
  requires reactor.core;
}
