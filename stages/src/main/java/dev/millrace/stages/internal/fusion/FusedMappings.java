package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.Mappings;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Mapping;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Mappings that follow each other, called without an emitter between them, in one thread at a time.
 *
 * <p>A stage has processed an element when it passes it to the next one, so that is counted once.
 */
public final class FusedMappings {

  private final List<Mapping<Object, Object>> mappings;
  private final List<Account> accounts;
  private final MappingHost host;
  private final Taker end;
  private final Call[] calls;

  /**
   * The mappings of one run; nothing is counted yet.
   *
   * @param accounts one for each; the received elements of the first mapping are counted elsewhere
   * @param end takes the results of the last mapping, which has counted them as processed
   */
  public FusedMappings(
      List<Mapping<Object, Object>> mappings, List<Account> accounts, MappingHost host, Taker end) {
    this.mappings = mappings;
    this.host = host;
    this.end = end;
    this.accounts = new ArrayList<>(accounts);
    this.accounts.add(Account.unattached()); // after the last one
    calls = new Call[mappings.size()];
    for (int i = 0; i < calls.length; i++) {
      accounts.get(i).processedIfPassedTo(this.accounts.get(i + 1));
      calls[i] = bind(template(mappings.get(i)), i);
    }
  }

  private static Call template(Mapping<?, ?> mapping) {
    return switch (mapping) {
      case Mappings.Map<?, ?> map -> new MapCall();
      case Mappings.Filter<?> filter -> new FilterCall();
      case Mappings.Tee<?> tee -> new TeeCall();
      default -> new OtherCall();
    };
  }

  private Call bind(Call call, int index) {
    call.bind(host, index, accounts.get(index), accounts.get(index + 1));
    var _ = call.of(mappings.get(index));
    return call;
  }

  /** Takes an element that has been counted as come in. */
  public void accept(Object element) {
    push(element, 0);
  }

  private void push(Object element, int from) {
    Object made = element;
    for (int i = from; i < calls.length; i++) {
      Call call = calls[i];
      if (!call.takes(made) || (made = call.make(made)) == null) {
        return;
      }
    }
    end.push(made);
  }

  /** Takes the elements that leave the slots of a line. */
  private final class Rest extends Taker {
    @Override
    public void push(Object element) {
      FusedMappings.this.push(element, Line.SLOTS);
    }
  }

  /**
   * The mappings and the stages after them, with code of their own; null if there is none.
   *
   * @param after the stages after them
   */
  public @Nullable Chain chain(@Nullable Chain after, boolean define) {
    if (after == null) {
      return null;
    }
    int size = Math.min(mappings.size(), Line.SLOTS);
    boolean whole = size == mappings.size() && after.hasNoMappings();
    Chain rest = whole ? after : new Chain(new Rest(), Twins.ALL.end(Rest.class));
    Twin twin = rest.twin();
    List<Call> own = new ArrayList<>();
    for (int i = size - 1; i >= 0; i--) {
      Call plain = template(mappings.get(i));
      twin = twin.before(plain, plain.of(mappings.get(i)), define);
      if (twin == null) {
        return null;
      }
      own.addFirst(bind((Call) twin.fresh(), i));
    }
    return new Chain(accounts.getFirst(), own, rest, twin);
  }
}
