package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Mapping;
import java.util.List;

/**
 * Up to {@value #MOST} mappings that follow each other, called without an emitter between them, in
 * one thread at a time.
 *
 * <p>Each mapping has a method of its own, all alike. The JIT compiler decides per call site, by
 * the classes that it has seen there, whether to inline. In a loop, or in one method for all, it
 * would see all functions at one call site, and inline none. A stage has processed an element when
 * it passes it to the next one, so that is counted once.
 */
public final class FusedMappings {

  /** How many there can be. */
  public static final int MOST = 4;

  /** The engine around them. */
  public interface Host {
    /** Whether no stage takes the result of a mapping; {@link #left} is called then. */
    boolean isLeft();

    /** No stage takes the result of a mapping; throws the error that ends the stages. */
    void left();

    /** A function has returned, and the thread is interrupted: by the function, or by the run. */
    void interrupted();

    /** The last stage has made something; it is counted as processed. */
    void made(Object element);

    /** The function of that stage has thrown. */
    void thrown(int index, Object element, Throwable cause);
  }

  private final Host host;
  private final int size;
  private final Mapping<Object, Object> first;
  private final Mapping<Object, Object> second;
  private final Mapping<Object, Object> third;
  private final Mapping<Object, Object> fourth;
  private final Account firstAccount;
  private final Account secondAccount;
  private final Account thirdAccount;
  private final Account fourthAccount;

  /**
   * The mappings of one run; nothing is counted yet.
   *
   * @param accounts one for each; the first one counts elsewhere what comes in
   */
  public FusedMappings(List<Mapping<Object, Object>> mappings, List<Account> accounts, Host host) {
    this.host = host;
    size = mappings.size();
    first = mappings.get(0);
    second = orLast(mappings, 1);
    third = orLast(mappings, 2);
    fourth = orLast(mappings, 3);
    firstAccount = accounts.get(0);
    secondAccount = orLast(accounts, 1);
    thirdAccount = orLast(accounts, 2);
    fourthAccount = orLast(accounts, 3);
    for (int i = 1; i < size; i++) {
      accounts.get(i - 1).processedIfPassedTo(accounts.get(i));
    }
  }

  private static <T> T orLast(List<T> list, int index) {
    return index < list.size() ? list.get(index) : list.getLast();
  }

  /** Takes an element that has been counted as come in. */
  public void accept(Object element) {
    Object made;
    try {
      made = first.apply(element);
    } catch (Throwable e) {
      host.thrown(0, element, e);
      return;
    }
    endCall();
    if (made == null) {
      firstAccount.dropped();
    } else if (size == 1) {
      made(made, firstAccount);
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
      host.thrown(1, element, e);
      return;
    }
    endCall();
    if (made == null) {
      secondAccount.dropped();
    } else if (size == 2) {
      made(made, secondAccount);
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
      host.thrown(2, element, e);
      return;
    }
    endCall();
    if (made == null) {
      thirdAccount.dropped();
    } else if (size == 3) {
      made(made, thirdAccount);
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
      host.thrown(3, element, e);
      return;
    }
    endCall();
    if (made == null) {
      fourthAccount.dropped();
    } else {
      made(made, fourthAccount);
    }
  }

  /** A function has returned. */
  private void endCall() {
    if (Thread.currentThread().isInterrupted()) {
      host.interrupted();
    }
  }

  private void check(Account account) {
    if (host.isLeft()) {
      account.processed();
      account.produced();
      host.left();
    }
  }

  private void made(Object element, Account last) {
    check(last);
    last.processed();
    host.made(element);
  }
}
