/** An application on the module path. */
module com.example.orders {
  requires dev.millrace.stages;
  requires dev.millrace.kafka;
  requires kafka.clients;
  requires org.slf4j; // used by both, which have no descriptors to say so
  requires reactor.core;
}
