package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class CausesTest {

  private final FileNotFoundException root = new FileNotFoundException("no such file");
  private final UncheckedIOException middle = new UncheckedIOException(root);
  private final ExecutionException failure = new ExecutionException(middle);

  @Test
  void rootIsTheEndOfTheChain() {
    assertThat(Causes.root(failure)).isSameAs(root);
    assertThat(Causes.root(root)).isSameAs(root);
  }

  @Test
  void chainLeadsFromTheFailureToTheRoot() {
    assertThat(Causes.chain(failure)).containsExactly(failure, middle, root);
  }

  @Test
  void findGivesTheOutermostThatFits() {
    assertThat(Causes.find(failure, IOException.class)).isSameAs(root);
    assertThat(Causes.find(failure, Exception.class)).isSameAs(failure);
    assertThat(Causes.find(failure, TimeoutException.class)).isNull();
    assertThat(Causes.find(failure, e -> "no such file".equals(e.getMessage()))).isSameAs(root);
  }

  @Test
  void chainThatLeadsBackToItselfEnds() {
    var a = new IllegalStateException("a");
    var b = new IllegalStateException("b", a);
    a.initCause(b);
    assertThat(Causes.root(a)).isSameAs(b);
    assertThat(Causes.chain(a)).containsExactly(a, b);
    assertThat(Causes.find(a, IOException.class)).isNull();
  }

  @Test
  void treeHasWhatIsSuppressedBehindTheCauses() {
    var root = new IOException("root");
    var wrapped = new IllegalStateException("wrapped", root);
    var close = new IllegalArgumentException("close", new ArithmeticException("deep"));
    wrapped.addSuppressed(close);
    var other = new UnsupportedOperationException("other task");
    var top = new RuntimeException("top", wrapped);
    top.addSuppressed(other);
    assertThat(Causes.tree(top))
        .containsExactly(top, wrapped, root, close, close.getCause(), other);
    assertThat(Causes.findInTree(top, ArithmeticException.class)).hasMessage("deep");
    assertThat(Causes.findInTree(top, UnsupportedOperationException.class)).isSameAs(other);
    assertThat(Causes.findInTree(top, StackOverflowError.class)).isNull();
    assertThat(Causes.find(top, UnsupportedOperationException.class)).isNull(); // the chain only
  }

  @Test
  void treeOfACycleOrOfAHugeChainEnds() {
    var one = new RuntimeException("one");
    var two = new RuntimeException("two", one);
    one.addSuppressed(two);
    assertThat(Causes.tree(one)).containsExactly(one, two);
    Throwable chain = new IOException("root");
    for (int i = 0; i < 100_000; i++) {
      chain = new RuntimeException("link", chain);
    }
    assertThat(Causes.findInTree(chain, IOException.class)).hasMessage("root");
  }
}
