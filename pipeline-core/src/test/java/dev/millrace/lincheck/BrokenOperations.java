package dev.millrace.lincheck;

import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** A channel of one place without a lock: the canary, which Lincheck must reject. */
@Param(name = "element", gen = IntGen.class, conf = "1:9")
public class BrokenOperations {

  private volatile int element;

  @Operation
  public String trySend(@Param(name = "element") int sent) {
    if (element != 0) {
      return "full";
    }
    element = sent;
    return "sent";
  }

  @Operation
  public String tryReceive() {
    int received = element;
    if (received == 0) {
      return "empty";
    }
    element = 0;
    return Integer.toString(received);
  }
}
