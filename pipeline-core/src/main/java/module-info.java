/** Channels, select, context and structured tasks over virtual threads. */
@SuppressWarnings("module") // the modules above are not there when this one is compiled
module dev.millrace.core {
  requires transitive dev.millrace.errors;
  requires static transitive org.jspecify;
  requires static com.cronutils;
  requires static jdk.jfr;

  exports dev.millrace.channel;
  exports dev.millrace.context;
  exports dev.millrace.io;
  exports dev.millrace.sync;
  exports dev.millrace.pipeline;
  exports dev.millrace.pipeline.ledger;
  exports dev.millrace.pipeline.transform;
  exports dev.millrace.service;
  exports dev.millrace.channel.internal to
      dev.millrace.kafka,
      dev.millrace.stages;
  exports dev.millrace.clock.internal to
      dev.millrace.kafka,
      dev.millrace.stages;
  exports dev.millrace.context.internal to
      dev.millrace.kafka,
      dev.millrace.stages;

  uses dev.millrace.pipeline.Engine;
}
