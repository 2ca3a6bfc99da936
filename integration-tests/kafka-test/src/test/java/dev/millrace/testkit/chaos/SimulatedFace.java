package dev.millrace.testkit.chaos;

/** The kind of loop in a round of the simulation, and of its handlers. */
enum SimulatedFace {
  CHANNEL,
  /** On Reactor, with handlers that block. */
  BLOCKING,
  /** On Reactor, with handlers that return publishers. */
  REACTIVE
}
