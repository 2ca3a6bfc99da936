package dev.millrace.testkit.simulation;

import com.sun.tools.attach.VirtualMachine;

/** Loads an agent into another JVM: by default a JVM does not let itself be changed by itself. */
final class Attaching {

  private Attaching() {}

  /** Arguments: the id of the process, and the file of the agent. */
  public static void main(String[] arguments) throws Exception {
    VirtualMachine machine = VirtualMachine.attach(arguments[0]);
    try {
      machine.loadAgent(arguments[1]);
    } finally {
      machine.detach();
    }
  }
}
