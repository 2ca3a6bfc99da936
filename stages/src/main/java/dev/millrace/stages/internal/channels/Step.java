package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Twins;
import org.jspecify.annotations.Nullable;

/**
 * A stage, or the first part of a stage, inside of the thread that runs it. The thread pushes one
 * element after the other into the step. Steps that follow each other in one thread are fused: each
 * calls the next one.
 *
 * <p>Used by one thread. A push that throws {@link dev.millrace.stages.internal.run.Unwind} ends
 * the thread.
 */
abstract class Step extends Taker {

  /*
   * The accounting
   * ==============
   *
   * An element goes from stage B to stage S. `from` is B's account in S's thread, `account` is S's.
   *
   *   call     the element             counts for B           counts for S
   *   -------  ----------------------  ---------------------  ---------------------------------
   *   push     B has made it in this   -  (S's `passed` is    passed
   *            very call               added to B's produced
   *                                    and emitted)
   *   take     has waited in a link    emitted                received
   *            or pool since B made it
   *   process  is counted already      -                      processed, failed or dropped, once
   *                                                           the function has returned
   *
   * So a report adds up, per stage:
   *
   *   received of S  =  S's received + S's passed
   *   produced of B  =  B's produced + S's passed
   *   emitted of B   =  B's emitted  + S's passed
   *
   * One count instead of three per fused hop: that is why `passed` exists. A mapping also saves
   * `processed`: the elements that a fused mapping passes on are the ones that it has processed.
   *
   * The exceptions:
   *
   *   OutletStep, PoolStep   hand elements to another thread. With room, a push counts as above.
   *                          Without room, the element was made, but not taken: the push counts
   *                          produced for B, waits, and goes on as a take. A run that is cancelled
   *                          during the wait reports the element as undelivered by B.
   *   OutletStep             also counts processed for S, and produced for the stage whose elements
   *                          go into the link.
   *   WireStep               stands for no stage of its own. A push counts produced for B, and
   *                          nothing for S: the thread at the other end of the link takes.
   *   SequentialStep         counts produced for itself if the next step takes no more elements.
   *   ChannelWorker          counts begun, processed and produced; PoolStep has counted received.
   *   ZipDriver              counts emitted for both sides, and received and processed twice.
   *   SourceDriver           counts produced for an element that a stopped run has read.
   */

  /** The stage before, as far as this thread counts for it. */
  final Account from;

  /** The stage itself. */
  final Account account;

  Step(Account from, Account account) {
    this.from = from;
    this.account = account;
  }

  /** Called before the first element; the steps after it are started first. */
  abstract void start() throws Exception;

  /**
   * Takes an element from the step before it, which makes it in this call. Not called when it is
   * {@link #done}; nor are the others.
   */
  @Override
  public void push(Object element) {
    account.passed();
    process(element);
  }

  /** Takes an element that has waited in a queue since it was made. */
  void take(Object element) {
    from.emitted();
    account.received();
    process(element);
  }

  /**
   * The step, and the steps after it in its thread, with code of their own; null if they have none.
   * Called between two elements.
   *
   * @param define whether to define classes that there are not yet
   */
  @Nullable Chain chain(boolean define) {
    return new Chain(this, Twins.ALL.end(getClass()));
  }

  /** The step whose {@link #done} decides that this step is done. */
  Step decisive() {
    return this;
  }

  /** Processes an element that is counted already. */
  abstract void process(Object element);

  /** There are no more elements. Not called if the run is cancelled. */
  abstract void end() throws Exception;

  /** Releases its resources; called once, whatever has happened. Default: there are none. */
  void close() {}
}
