/** Channels, select, context and structured tasks over virtual threads. */
module dev.millrace.core {
  requires transitive dev.millrace.errors;
  requires static transitive org.jspecify;
  requires static com.cronutils;

  exports dev.millrace.channel;
  exports dev.millrace.context;
  exports dev.millrace.sync;
  exports dev.millrace.pipeline;
  exports dev.millrace.pipeline.graph;

  uses dev.millrace.pipeline.Engine;
}
