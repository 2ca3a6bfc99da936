package dev.millrace.stages.internal.channels;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A link of a merge. It puts itself into the {@link Ready} list of its consumer when it has an
 * element or has ended. So the consumer looks only at links that have elements, however many inputs
 * the merge has.
 *
 * <p>No element is forgotten. The producer writes the element, and then, after a full fence, reads
 * {@code listed}. The consumer clears {@code listed}, and then, after a full fence, looks for
 * elements. So the producer sees that the link is not listed, and lists it, or the consumer sees
 * the element.
 */
final class MergeLink extends RingLink {

  /** The links that may have something. Any producer adds to it, one consumer takes all. */
  static final class Ready {

    private static final VarHandle NEWEST =
        ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "newest", VarHandle.class, Ready.class, MergeLink.class);

    /** Written with compare-and-set by producers, and with an exchange by the consumer. */
    private volatile @Nullable MergeLink newest;

    private void add(MergeLink link) {
      MergeLink next;
      do {
        next = newest;
        link.next = next;
      } while (!NEWEST.compareAndSet(this, next, link));
    }

    boolean isEmpty() {
      return newest == null;
    }

    /** Takes all links; the oldest first, and {@link MergeLink#unlist} gives the next one. */
    @Nullable MergeLink takeAll() {
      MergeLink link = (MergeLink) NEWEST.getAndSet(this, null);
      MergeLink oldest = null;
      while (link != null) {
        MergeLink next = link.next;
        link.next = oldest;
        oldest = link;
        link = next;
      }
      return oldest;
    }
  }

  private static final VarHandle LISTED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "listed", VarHandle.class, MergeLink.class, boolean.class);

  private final Ready ready;

  /** Whether it is in the list. Set by the side that lists it, cleared by the consumer. */
  private volatile boolean listed;

  /** Whether the consumer has had the end, which may be listed after it. Of the consumer. */
  private boolean over;

  /** The next one of the list; of the side that has set {@code listed}, then of the consumer. */
  private @Nullable MergeLink next;

  MergeLink(
      Ready ready,
      int capacity,
      PipelineThread producer,
      PipelineThread consumer,
      Runnable onCancel) {
    super(capacity, producer, consumer, onCancel);
    this.ready = ready;
  }

  @Override
  void hasNews() {
    list();
  }

  /** Puts it into the list, unless it is there. By both sides. */
  void list() {
    if (!listed && LISTED.compareAndSet(this, false, true)) {
      ready.add(this);
    }
  }

  /**
   * Takes this link out of the list, and returns the next link. For the consumer, before it takes
   * elements.
   */
  @Nullable MergeLink unlist() {
    MergeLink following = next;
    next = null;
    listed = false;
    VarHandle.fullFence();
    return following;
  }

  /** The consumer has the end; whether for the first time. By the consumer. */
  boolean isOverNow() {
    boolean before = over;
    over = true;
    return !before;
  }
}
