/** Pipeline stages over channels and over Project Reactor. */
module dev.millrace.stages {
  requires transitive dev.millrace.core;
  requires static transitive org.jspecify;
  requires dev.failsafe.core;
  requires static com.fasterxml.jackson.core;
  requires static context.propagation;
  requires static micrometer.core;
  requires static micrometer.commons;
  requires static micrometer.observation;
  requires static reactor.core;
  requires static org.reactivestreams;

  exports dev.millrace.stages;
  exports dev.millrace.stages.channel;
  exports dev.millrace.stages.micrometer;
  exports dev.millrace.stages.reactor;

  provides dev.millrace.pipeline.Engine with
      dev.millrace.stages.channel.ChannelEngine,
      dev.millrace.stages.reactor.ReactorEngine;
}
