package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.ledger.Account;

/** The code of a {@link Line}. */
/*
 * Each batch begins with copies of all stages. No other code knows the copies, so the compiler does
 * not make them: it keeps their fields in registers and on the stack.
 *
 * Without the copies, the compiler would read each field again for each element, and check the class
 * of the object in it. The reason is the look at the thread's interrupt after each function: it reads
 * a volatile field, and after that any other field may have changed.
 *
 * A copy must not get to code that the compiler does not inline. So a rare path takes the fields that
 * it needs, and never the copy itself.
 *
 * A stage returns a boolean: whether it drops the element. If it returned null for that, the compiler
 * would have to make the element: it cannot take apart an object that may be null.
 *
 * The calls are written out because each needs a call site of its own. They are not nested, as in a
 * stage that calls the next one. Such a stage is also compiled by itself, together with all stages
 * after it. If that is more than 2,500 bytes of machine code, the compiler does not inline the stage
 * into the loop any more.
 */
final class PlainLine extends Line {

  @Override
  public Template fresh() {
    return new PlainLine();
  }

  @Override
  boolean batch() {
    Feed feed = this.feed.copy();
    Account in = this.in;
    Call call0 = this.call0.copy();
    Call call1 = this.call1.copy();
    Call call2 = this.call2.copy();
    Call call3 = this.call3.copy();
    Call call4 = this.call4.copy();
    Call call5 = this.call5.copy();
    Call call6 = this.call6.copy();
    Call call7 = this.call7.copy();
    Taker end = this.end.copy();
    for (int i = 0; i < BATCH; i++) {
      if (!feed.hasNext()) {
        return false;
      }
      Object element = feed.next();
      if (element == null) {
        return false;
      }
      in.passed();
      if (call0.takes(element)
          && (element = call0.make(element)) != null
          && call1.takes(element)
          && (element = call1.make(element)) != null
          && call2.takes(element)
          && (element = call2.make(element)) != null
          && call3.takes(element)
          && (element = call3.make(element)) != null
          && call4.takes(element)
          && (element = call4.make(element)) != null
          && call5.takes(element)
          && (element = call5.make(element)) != null
          && call6.takes(element)
          && (element = call6.make(element)) != null
          && call7.takes(element)
          && (element = call7.make(element)) != null) {
        end.push(element);
      }
    }
    return true;
  }
}
