package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.stages.internal.reactor.DroppingFlux.Drops;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;

/**
 * Makes a flux of a graph. No function of the user is called.
 *
 * <p>Each stage counts in the thread that brings or takes its elements. An element is emitted when
 * the next stage takes it. So the next stage counts it, with the {@linkplain Part#tap() tap} of the
 * stage before. Elements that wait in a queue of Reactor's operators between the two count as
 * queued.
 */
@SuppressWarnings("unchecked") // the blueprint has checked the types of the elements
final class Planner {

  /**
   * How many sequential stages call each other, as in the channel engine: the stack of a thread has
   * room for many more.
   */
  private static final int FUSED = 128;

  private final Execution execution;
  private final Ledger ledger;
  private final Map<Node.Lane<?>, Part> lanes = new HashMap<>();

  Planner(Execution execution) {
    this.execution = execution;
    this.ledger = execution.ledger();
  }

  /** The part of the whole graph, whose elements the sink takes. */
  Part planAll(Node<?> last) {
    return plan(last, SinkSubscriber.NAME);
  }

  private Part plan(Node<?> last) {
    return plan(last, null);
  }

  /**
   * The part of a node.
   *
   * @param taker the stage that takes its elements in the thread that brings them; null if the next
   *     stage does not
   */
  private Part plan(Node<?> last, @Nullable String taker) {
    Deque<Node.Sequential<?, ?>> sequence = new ArrayDeque<>();
    Node<?> head = last;
    while (head instanceof Node.Sequential<?, ?> sequential) {
      sequence.push(sequential);
      head = sequential.input();
    }
    return switch (head) {
      case Node.From<?> from -> {
        List<Stage> stages =
            stages(stage(from.name(), FailurePolicy.report(), () -> Planner::pass, 1), sequence);
        yield rest(new SourceFlux(execution, from, stages), stages, sequence);
      }
      case Node.Timed<?, ?> timed -> {
        Part input = plan(timed.input());
        List<Stage> stages =
            stages(stage(timed.name(), timed.policy(), timed.transform(), 1), sequence);
        yield rest(new TimedFlux(execution, input, stages), stages, sequence);
      }
      case Node.Zip<?, ?, ?> zip -> {
        Part pairs = pairs(zip);
        List<Stage> stages = stages(stage(zip.name(), zip.policy(), combine(zip), 2), sequence);
        yield rest(new FusedChainFlux(execution, pairs, stages), stages, sequence);
      }
      case Node.Parallel<?, ?> parallel -> {
        var node = (Node.Parallel<Object, Object>) parallel;
        Flux<Object> flux = new WorkerPoolFlux(execution, node, plan(node.input()));
        yield then(part(flux, node.name()), sequence);
      }
      case Node.Buffer<?> buffer -> {
        String next = sequence.isEmpty() ? taker : sequence.peek().name();
        yield then(buffer(buffer, next), sequence);
      }
      case Node.Merge<?> merge -> {
        Flux<Object> flux = merge(inputs(merge.name(), merge.inputs()));
        yield then(part(flux, merge.name()), sequence);
      }
      case Node.Concat<?> concat -> {
        List<Flux<Object>> inputs = inputs(concat.name(), concat.inputs());
        Flux<Object> flux = new ConcatFlux(inputs, execution::fail);
        yield then(part(flux, concat.name()), sequence);
      }
      case Node.FanOut<?, ?> out -> then(fanOut((Node.FanOut<Object, Object>) out), sequence);
      case Node.Lane<?> lane -> then(Objects.requireNonNull(lanes.get(lane)), sequence);
      case Node.Sequential<?, ?> sequential -> throw new AssertionError(sequential.name());
    };
  }

  /** The part that emits the elements of the stage of that name. */
  private Part part(Flux<Object> flux, String name) {
    return new Part(flux, () -> ledger.open(name)::emitted);
  }

  // Sequential stages

  /** The transform of a stage without a function of the user. */
  private static Transform.Outcome pass(Object element, Emitter<? super Object> out) {
    out.emit(element);
    return Transform.Outcome.USED;
  }

  private Part then(Part input, Deque<Node.Sequential<?, ?>> sequence) {
    if (sequence.isEmpty()) {
      return input;
    }
    Node.Sequential<?, ?> node = sequence.pop();
    List<Stage> stages = stages(stage(node.name(), node.policy(), node.transform(), 1), sequence);
    return rest(new FusedChainFlux(execution, input, stages), stages, sequence);
  }

  /** The flux of these stages; the rest of the sequence follows in another thread. */
  private Part rest(Flux<Object> flux, List<Stage> stages, Deque<Node.Sequential<?, ?>> sequence) {
    Part part = part(flux, stages.getLast().site().stage());
    if (sequence.isEmpty()) {
      return part;
    }
    Flux<Object> cut = part.flux().publishOn(scheduler(sequence.peek().name()), Prefetch.CUT);
    return then(new Part(cut, part.taps()), sequence);
  }

  /**
   * The stages of a fused chain: each takes an element in the call in which the stage before makes
   * it. As many stages as may call each other are taken from the sequence.
   */
  private List<Stage> stages(Stage first, Deque<Node.Sequential<?, ?>> sequence) {
    List<Stage> stages = new ArrayList<>(List.of(first));
    while (stages.size() < FUSED && !sequence.isEmpty()) {
      Node.Sequential<?, ?> node = sequence.pop();
      Account account = ledger.open(node.name(), stages.getLast().site().stage());
      var site = new FailureSite(node.name(), node.policy(), 1);
      stages.add(new Stage(site, account, node.transform()));
    }
    return stages;
  }

  private Stage stage(
      String name, FailurePolicy policy, Supplier<? extends Transform<?, ?>> transform, int times) {
    return new Stage(new FailureSite(name, policy, times), ledger.open(name), transform);
  }

  /** The threads of the run; notes how long the stage of that name waits, if there is one. */
  private Scheduler scheduler(@Nullable String taker) {
    return taker == null ? execution.scheduler() : execution.scheduler(ledger.open(taker));
  }

  // Many inputs

  /** The inputs, whose elements the stage of that name receives. */
  private List<Flux<Object>> inputs(String name, List<? extends Node<?>> nodes) {
    List<Part> inputs = nodes.stream().map(this::plan).toList();
    return inputs.stream().map(input -> received(name, input)).toList();
  }

  private Flux<Object> received(String name, Part input) {
    Runnable tap = input.tap();
    Account account = ledger.open(name);
    return input
        .flux()
        .doOnNext(
            element -> {
              tap.run();
              account.received();
              account.processed();
              account.produced();
            });
  }

  private Flux<Object> merge(List<Flux<Object>> inputs) {
    return new MergeFlux(inputs, execution.threads(), execution::fail);
  }

  private Part pairs(Node.Zip<?, ?, ?> zip) {
    Part left = plan(zip.left());
    Part right = plan(zip.right());
    Flux<Object> pairs =
        Flux.zip(both -> List.of(both[0], both[1]), Prefetch.ONE, left.flux(), right.flux());
    return new Part(
        pairs,
        () -> {
          Runnable leftTap = left.tap();
          Runnable rightTap = right.tap();
          return () -> {
            leftTap.run();
            rightTap.run();
          };
        });
  }

  /** The element of a failure is the pair. */
  private static Supplier<Transform<Object, Object>> combine(Node.Zip<?, ?, ?> zip) {
    var combiner = (Node.Combiner<Object, Object, Object>) zip.combiner();
    return () ->
        (pair, out) -> {
          var both = (List<?>) pair;
          Object result = combiner.apply(both.get(0), both.get(1));
          out.emit(Objects.requireNonNull(result, "the function returned null"));
          return Transform.Outcome.USED;
        };
  }

  // Buffers

  /** An element is processed by a buffer when it leaves it. */
  private Part buffer(Node.Buffer<?> buffer, @Nullable String taker) {
    Part input = plan(buffer.input());
    Runnable tap = input.tap();
    Account account = ledger.open(buffer.name());
    Flux<Object> counted =
        input
            .flux()
            .doOnNext(
                element -> {
                  tap.run();
                  account.received();
                });
    int capacity = buffer.capacity();
    Flux<Object> buffered =
        switch (buffer.overflow()) {
          // One more: the one that the stage after it is busy with.
          case WAIT -> counted.publishOn(scheduler(taker), Prefetch.oneMore(capacity));
          case DROP_NEWEST -> dropping(counted, buffer, taker, account, Drops.NEWEST);
          case DROP_OLDEST -> dropping(counted, buffer, taker, account, Drops.OLDEST);
        };
    return new Part(
        buffered,
        () -> {
          Account out = ledger.openWorker(buffer.name()); // elements wait in a buffer
          return () -> {
            out.processed();
            out.produced();
            out.emitted();
          };
        });
  }

  private Flux<Object> dropping(
      Flux<Object> input,
      Node.Buffer<?> buffer,
      @Nullable String taker,
      Account account,
      Drops drops) {
    var onDrop = (Consumer<Object>) buffer.onDrop();
    Flux<Object> kept =
        new DroppingFlux(
            input,
            buffer.capacity(),
            drops,
            dropped -> {
              account.dropped();
              onDrop.accept(dropped);
            },
            execution::fail);
    return kept.publishOn(scheduler(taker), Prefetch.ONE);
  }

  // Branches

  private Part fanOut(Node.FanOut<Object, Object> node) {
    Part input = plan(node.input());
    boolean balances = node.route() == Node.Route.BALANCE;
    Account account = ledger.open(node.name());
    SpreadFlux flux =
        balances
            ? new BalanceFlux(execution, input, account)
            : new FanOutFlux(execution, input, node, account);
    List<Flux<Object>> outputs = new ArrayList<>();
    for (Node.Branch<Object, Object> branch : node.branches()) {
      String name = branch.lane().name();
      SpreadFlux.Lane lane = flux.add(ledger.open(name));
      Flux<Object> elements =
          balances ? lane : lane.publishOn(execution.scheduler(), Prefetch.LANE);
      lanes.put(branch.lane(), part(elements, name));
      Part output = plan(branch.output());
      outputs.add(output(node.name(), output).doFinally(signal -> lane.cancel()));
    }
    flux.emit(merge(outputs));
    return part(flux, node.name());
  }

  /** The fan-out produces the elements that its branches emit. */
  private Flux<Object> output(String name, Part output) {
    Runnable tap = output.tap();
    Account account = ledger.open(name);
    return output
        .flux()
        .doOnNext(
            element -> {
              tap.run();
              account.produced();
            });
  }
}
