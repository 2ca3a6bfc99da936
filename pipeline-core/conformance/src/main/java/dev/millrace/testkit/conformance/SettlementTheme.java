package dev.millrace.testkit.conformance;

import dev.millrace.channel.Channel;
import dev.millrace.pipeline.Pipe;
import java.util.List;
import java.util.stream.IntStream;

/** The common part of the tests of settlement. */
abstract class SettlementTheme extends Theme {

  static final int N = 40;

  final Receipts receipts = new Receipts();

  static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  final Pipe<Integer> pipe() {
    return Pipe.from(receipts.source(Numbers.below(N)));
  }

  static void send(Channel<Integer> numbers, int from, int to) {
    try {
      for (int i = from; i < to; i++) {
        numbers.send(i);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
