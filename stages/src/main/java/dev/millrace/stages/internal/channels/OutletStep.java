package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.ledger.Account;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The end of a thread's chain: a stage that hands its elements over to another thread, such as a
 * buffer or the beginning of a merge. An element that the other thread has not taken yet counts as
 * queued.
 */
final class OutletStep extends Step {

  final Link link;
  private final Overflow overflow;
  private final Consumer<Object> onDrop;
  private final Account made;

  /**
   * An outlet that waits for room.
   *
   * @param account counts what comes in
   * @param made counts what goes out
   */
  OutletStep(Link link, Account from, Account account, Account made) {
    this(link, Overflow.WAIT, element -> {}, from, account, made);
  }

  /**
   * An outlet.
   *
   * @param onDrop gets the dropped elements
   * @param account counts what comes in
   * @param made counts what goes out
   */
  OutletStep(
      Link link,
      Overflow overflow,
      Consumer<Object> onDrop,
      Account from,
      Account account,
      Account made) {
    super(from, account);
    this.link = link;
    this.overflow = overflow;
    this.onDrop = onDrop;
    this.made = made;
  }

  @Override
  void start() {
    done = link.isCancelled();
  }

  @Override
  public void push(Object element) {
    if (link.hasRoom() && !link.isCancelled()) {
      account.passed();
      put(element);
    } else {
      from.produced();
      take(element);
    }
  }

  @Override
  void take(Object element) {
    if (overflow == Overflow.WAIT) {
      done = !link.awaitRoom(account);
    } else {
      done = link.isCancelled();
    }
    if (!done) {
      from.emitted();
      account.received();
      process(element);
    }
  }

  @Override
  void process(Object element) {
    Object dropped = overflow == Overflow.WAIT ? null : drop(element);
    if (dropped == null) {
      put(element);
    } else {
      account.dropped();
      onDrop.accept(dropped);
    }
  }

  private void put(Object element) {
    account.processed();
    made.produced();
    link.put(element);
  }

  /**
   * The element that is dropped for lack of room: this one, or the oldest, whose place it takes;
   * null if there is room.
   */
  private @Nullable Object drop(Object element) {
    if (overflow == Overflow.DROP_OLDEST) {
      return ((DequeLink) link).replace(element);
    }
    return link.hasRoom() ? null : element;
  }

  @Override
  void end() {
    link.end();
  }
}
