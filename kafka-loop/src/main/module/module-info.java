/** A Kafka consumer loop that never loses a record. */
module dev.millrace.kafka {
  requires transitive dev.millrace.stages;
  requires transitive kafka.clients;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.millrace.kafka;
  exports dev.millrace.kafka.channel;
}
