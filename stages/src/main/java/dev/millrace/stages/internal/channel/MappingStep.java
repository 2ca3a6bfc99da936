package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Mapping;
import java.util.List;
import java.util.Objects;

/**
 * Runs up to {@value #MOST} mappings that follow each other, without an emitter between them.
 *
 * <p>Each has a method of its own, all alike: the compiler of the JVM decides at each place in the
 * code, by what it has seen there, what to inline. In a loop, or in one method for all, it would
 * see all functions at one place, and inline none. An element is processed by a stage when it is
 * passed to the next one, so that is counted once.
 */
final class MappingStep extends Step {

  /** How many stages it can run. */
  static final int MOST = 4;

  /** A stage that it runs. */
  record Stage(
      String name, Mapping.Maker<Object, Object> maker, FailurePolicy policy, Account account) {}

  private final Strand strand;
  private final List<Stage> stages;
  private final int size;
  private final Step next;
  private final Account firstAccount;
  private final Account secondAccount;
  private final Account thirdAccount;
  private final Account fourthAccount;

  @SuppressWarnings("NullAway.Init") // by start, which comes first
  private Mapping<Object, Object> first;

  @SuppressWarnings("NullAway.Init") // by start, which comes first
  private Mapping<Object, Object> second;

  @SuppressWarnings("NullAway.Init") // by start, which comes first
  private Mapping<Object, Object> third;

  @SuppressWarnings("NullAway.Init") // by start, which comes first
  private Mapping<Object, Object> fourth;

  MappingStep(Strand strand, List<Stage> stages, Account from, Step next) {
    super(from, stages.getFirst().account());
    this.strand = strand;
    this.stages = stages;
    this.size = stages.size();
    this.next = next;
    firstAccount = account(0);
    secondAccount = account(1);
    thirdAccount = account(2);
    fourthAccount = account(3);
    for (int i = 1; i < size; i++) {
      account(i - 1).processedIfPassedTo(account(i));
    }
  }

  private Account account(int index) {
    return stages.get(Math.min(index, size - 1)).account();
  }

  @Override
  void start() throws Exception {
    next.start();
    strand.check();
    first = mapping(0);
    second = mapping(1);
    third = mapping(2);
    fourth = mapping(3);
    done = next.done;
  }

  private Mapping<Object, Object> mapping(int index) {
    return index < size ? Objects.requireNonNull(stages.get(index).maker().get()) : first;
  }

  @Override
  void process(Object element) {
    first(element);
    done = next.done;
  }

  private void first(Object element) {
    Object made;
    try {
      made = first.apply(element);
    } catch (Throwable e) {
      thrown(0, element, e);
      return;
    }
    if (made == null) {
      firstAccount.dropped();
    } else if (size == 1) {
      push(made, firstAccount);
    } else {
      check(firstAccount);
      second(made);
    }
  }

  private void second(Object element) {
    secondAccount.passed();
    Object made;
    try {
      made = second.apply(element);
    } catch (Throwable e) {
      thrown(1, element, e);
      return;
    }
    if (made == null) {
      secondAccount.dropped();
    } else if (size == 2) {
      push(made, secondAccount);
    } else {
      check(secondAccount);
      third(made);
    }
  }

  private void third(Object element) {
    thirdAccount.passed();
    Object made;
    try {
      made = third.apply(element);
    } catch (Throwable e) {
      thrown(2, element, e);
      return;
    }
    if (made == null) {
      thirdAccount.dropped();
    } else if (size == 3) {
      push(made, thirdAccount);
    } else {
      check(thirdAccount);
      fourth(made);
    }
  }

  private void fourth(Object element) {
    fourthAccount.passed();
    Object made;
    try {
      made = fourth.apply(element);
    } catch (Throwable e) {
      thrown(3, element, e);
      return;
    }
    if (made == null) {
      fourthAccount.dropped();
    } else {
      push(made, fourthAccount);
    }
  }

  private void thrown(int index, Object element, Throwable e) {
    Stage stage = stages.get(index);
    strand.run.failures.thrown(
        strand, stage.account()::failed, stage.name(), stage.policy(), element, e);
  }

  /** What the stage has made goes nowhere if the strand is to stop. */
  private void check(Account made) {
    if (strand.isToldToStopMeanwhile()) {
      made.processed();
      made.produced();
      throw Unwind.INSTANCE;
    }
  }

  private void push(Object made, Account last) {
    check(last);
    last.processed();
    next.push(made);
  }

  @Override
  void end() throws Exception {
    next.end();
  }

  @Override
  void close() {
    next.close();
  }
}
