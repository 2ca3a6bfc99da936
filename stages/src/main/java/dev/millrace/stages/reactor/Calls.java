package dev.millrace.stages.reactor;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Node;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The calls of a parallel stage: each has a thread of the run, and is an inner flux of a flatMap.
 */
final class Calls {

  private final Execution execution;
  private final Node.Parallel<Object, Object> node;
  private final Origin origin;
  private final Runnable tap;
  private final Account incoming;
  private final @Nullable Keys keys;

  /** Whether nobody wants the results; set before the threads that work on them are interrupted. */
  private volatile boolean unwanted;

  /** Those of the threads that run calls; each takes one for the time of a call. */
  private final Queue<Account> accounts = new ConcurrentLinkedQueue<>();

  /** What keyed calls have returned, in that order. */
  private final Queue<Object> results = new ConcurrentLinkedQueue<>();

  private Calls(Execution execution, Node.Parallel<Object, Object> node, Runnable tap) {
    this.execution = execution;
    this.node = node;
    this.origin = new Origin(node.name(), node.policy(), 1);
    this.tap = tap;
    this.incoming = execution.ledger().open(node.name());
    this.keys = node.key() == null ? null : new Keys(execution.workers(), node.parallelism());
  }

  static Flux<Object> flux(Execution execution, Node.Parallel<Object, Object> node, Part input) {
    var calls = new Calls(execution, node, input.tap());
    int n = node.parallelism();
    return switch (node.order()) {
      case INPUT -> input.flux().flatMapSequential(calls::call, n, Prefetch.ONE);
      case COMPLETION -> input.flux().flatMap(calls::call, n, Prefetch.ONE);
      case KEY -> calls.keyed(input.flux());
    };
  }

  /**
   * A flatMap emits its inner results in an order of its own when more than one is there. So what
   * it gets of each call is a token only, for the result that has waited longest: results of one
   * key are in their order, since its calls are.
   */
  private Flux<Object> keyed(Flux<Object> input) {
    // As many again may wait for their key, so that one key does not take all the room.
    return input
        .flatMap(this::call, Prefetch.twice(node.parallelism()), Prefetch.ONE)
        .doOnCancel(() -> unwanted = true)
        .map(token -> Objects.requireNonNull(results.poll()));
  }

  private Mono<Object> call(Object element) {
    tap.run();
    incoming.received();
    if (keys == null) {
      return Mono.create(sink -> execution.workers().execute(new Call(element, sink)));
    }
    Key key;
    try {
      key = Key.of(node.key(), element);
    } catch (Throwable e) {
      return keyFailed(e, element);
    }
    return Mono.create(sink -> keys.submit(key, new Call(element, sink)));
  }

  private Mono<Object> keyFailed(Throwable e, Object element) {
    try {
      execution.failures().thrown(e, origin, element, !unwanted, incoming);
      return Mono.empty();
    } catch (Stop stop) {
      return Mono.never();
    }
  }

  private final class Call implements Runnable {
    private final Object element;
    private final MonoSink<Object> sink;
    private final Section section = new Section(execution.interrupts());

    private Call(Object element, MonoSink<Object> sink) {
      this.element = element;
      this.sink = sink;
      sink.onCancel(section::cancel);
    }

    @Override
    public void run() {
      Object result;
      Account account = accounts.poll();
      if (account == null) {
        account = execution.ledger().open(node.name());
      }
      boolean wanted = section.enter();
      try {
        if (!wanted || execution.isStopped()) {
          return;
        }
        result = apply(account);
      } catch (Stop stop) {
        return; // nobody waits for it
      } finally {
        section.leave();
        accounts.add(account);
      }
      // Outside of the section: what comes after this stage is another one.
      if (keys == null || result == null) {
        sink.success(result);
      } else {
        results.add(result);
        sink.success(results);
      }
    }

    /** Returns null if it has failed. */
    private @Nullable Object apply(Account account) {
      try {
        Object result =
            Objects.requireNonNull(node.function().apply(element), "the function returned null");
        account.processed();
        account.produced();
        return result;
      } catch (Throwable e) {
        execution.failures().thrown(e, origin, element, !section.isCancelled(), account);
        return null;
      }
    }
  }
}
