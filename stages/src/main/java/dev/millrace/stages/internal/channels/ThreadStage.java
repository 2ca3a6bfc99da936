package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Waits;
import dev.millrace.pipeline.ledger.Account;
import org.jspecify.annotations.Nullable;

/**
 * A stage that a pipeline thread runs, and the account of this thread for it.
 *
 * @param isWorker whether the account is the account of a worker, which receives nothing
 * @param waits says for which object a call of the stage waits; null if the stage cannot say
 */
record ThreadStage(String name, Account account, boolean isWorker, @Nullable Waits waits) {

  /** Whether its function has an element now. By any thread. */
  boolean isBusy() {
    return isWorker ? account.running() > 0 : account.inFlight() > 0;
  }

  /** The object of "waits for"; null if the stage cannot say. */
  @Nullable String waitsFor() {
    return waits == null ? null : waits.waitsFor();
  }
}
