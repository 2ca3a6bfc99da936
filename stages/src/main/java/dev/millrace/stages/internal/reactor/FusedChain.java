package dev.millrace.stages.internal.reactor;

import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.run.Unwind;
import java.util.ArrayList;
import java.util.List;

/**
 * Adjacent sequential stages, run as one call in the thread that brings an element.
 *
 * <p>When a stage has had its last element, it and the stages after it end at once, within the
 * call. The stages before it may never return by themselves, such as a function that emits for
 * ever, or that waits for something to emit. An {@link Unwind} at their next emit ends them, or an
 * interrupt.
 */
final class FusedChain extends Taker {

  private final Execution execution;
  private final Gate gate;
  private final Runnable stopInput;
  private final ChainStep[] links;

  /**
   * Makes the state of the stages, by functions of the user.
   *
   * @param stages at least one
   * @param stopInput called when the stages take no more elements, although the subscriber has not
   *     cancelled
   */
  FusedChain(Execution execution, Gate gate, List<Stage> stages, Runnable stopInput) {
    this.execution = execution;
    this.gate = gate;
    this.stopInput = stopInput;
    List<List<Stage>> parts = parts(stages);
    this.links = new ChainStep[parts.size()];
    for (int i = links.length - 1; i >= 0; i--) {
      links[i] = new ChainStep(this, parts.get(i), i, i + 1 < links.length ? links[i + 1] : null);
    }
  }

  /** The work of the thread of a chain: brings the elements. */
  interface Input {
    void read(FusedChain chain) throws Exception;
  }

  /**
   * Makes the stages, and runs them in the calling thread: with the input, unless a stage takes no
   * element. Throws nothing.
   *
   * @param section of the stages
   */
  static void run(
      Execution execution,
      Gate gate,
      Section section,
      List<Stage> stages,
      Runnable stopInput,
      Input input) {
    boolean wanted = section.enter();
    try {
      if (wanted && gate.isWanted()) {
        var chain = new FusedChain(execution, gate, stages, stopInput);
        try {
          if (chain.wantsNone()) {
            stopInput.run();
            chain.endWithoutInput();
          } else {
            input.read(chain);
          }
        } finally {
          chain.closeIfDone();
        }
      }
    } catch (Throwable e) {
      execution.thrown(e, !gate.isCancelled());
    } finally {
      section.leave();
    }
  }

  /** The stages in groups: mappings that follow each other form one. */
  private static List<List<Stage>> parts(List<Stage> stages) {
    List<List<Stage>> parts = new ArrayList<>();
    boolean open = false;
    for (Stage stage : stages) {
      if (!open || !stage.isMapping()) {
        parts.add(new ArrayList<>());
      }
      parts.getLast().add(stage);
      open = stage.isMapping();
    }
    return parts;
  }

  Execution execution() {
    return execution;
  }

  Gate gate() {
    return gate;
  }

  ChainStep first() {
    return links[0];
  }

  /** Takes an element that the first stage has made. */
  @Override
  public void push(Object element) {
    links[0].exit().push(element);
  }

  /** Whether the results of the stages still have a taker. */
  boolean isWanted() {
    return !done && !gate.isCancelled();
  }

  /**
   * Ends a call of a function of the user: an interrupt that the function has left ends with it. An
   * interrupt of the run stays: the thread that sends one sets the reason first. Reads a field of
   * the thread, and no more, if there is none.
   */
  void endCall() {
    if (Thread.currentThread().isInterrupted()) {
      execution.forgetInterrupt(isWanted());
    }
  }

  /** Whether the subscriber still asks for elements. */
  boolean isAskedFor() {
    return !gate.isCancelled();
  }

  /** Whether there is a stage that takes no element at all. */
  boolean wantsNone() {
    for (ChainStep link : links) {
      if (link.wantsNone()) {
        return true;
      }
    }
    return false;
  }

  /** Ends the last of the stages that take no element, and the stages after it. */
  void endWithoutInput() {
    int from = links.length - 1;
    while (!links[from].wantsNone()) {
      from--;
    }
    end(from);
  }

  /** All elements have come in. */
  void end() {
    end(0);
  }

  /** A stage has had the last element that it takes. */
  void last(ChainStep link) {
    if (done) {
      return;
    }
    end(link.index());
    stopInput.run();
    if (link.index() > 0) {
      Thread.currentThread().interrupt(); // for the stages before it, to which this call returns
    }
  }

  /**
   * Closes the transforms if the chain has ended. Called outside of all calls of the stages: they
   * may go on after the end. The transforms of a chain that never ends are closed with the run,
   * when the cause of that is known.
   */
  void closeIfDone() {
    if (done) {
      for (ChainStep link : links) {
        link.release();
      }
    }
  }

  private void end(int from) {
    for (int i = 0; i < from; i++) {
      links[i].close();
    }
    for (int i = from; i < links.length && !done; i++) {
      links[i].close();
      links[i].end();
    }
    if (!done) {
      done = true;
      gate.complete();
    }
  }
}
