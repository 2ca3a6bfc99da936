package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.ledger.Account;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The stages of a chain, or the last ones of them, with code of their own. */
public final class Chain {

  private final Account in;
  private final List<Call> calls;
  private final Taker end;
  private final Twin twin;

  private Chain(Account in, List<Call> calls, Taker end, Twin twin) {
    this.in = in;
    this.calls = calls;
    this.end = end;
    this.twin = twin;
  }

  Chain(Account in, List<Call> calls, Chain end, Twin twin) {
    this(in, calls, end.end, twin);
  }

  /** The last stage, which is no mapping and counts the elements that it takes. */
  public Chain(Taker end, Twin twin) {
    this(Account.unattached(), List.of(), end, twin);
  }

  /** The class of the first stage. */
  public Twin twin() {
    return twin;
  }

  /** The last stage, which takes the elements that the others emit. */
  public Taker end() {
    return end;
  }

  /** Whether it has only a last stage. */
  boolean hasNoMappings() {
    return calls.isEmpty();
  }

  /**
   * The chain with a feed before it; null if there is no code for it.
   *
   * @param feeding the class of the feed
   */
  @Nullable Line line(Feed feed, Twin feeding, boolean define) {
    Twin whole = feeding.before(new PlainLine(), PlainLine.class, define);
    if (whole == null) {
      return null;
    }
    var line = (Line) whole.fresh();
    line.bind(feed, in, calls, end);
    return line;
  }
}
