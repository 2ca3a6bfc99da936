package dev.millrace.testkit.conformance;

import dev.millrace.errors.Descriptions;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.testkit.conformance.Input.Output;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** Starts the threads of all stages of a graph, from the sink upwards. */
@SuppressWarnings("unchecked") // the blueprint has checked the types of the elements
final class Building {

  private final ReferenceRun<?> run;
  private final Map<Node.Lane<?>, Link> lanes;

  Building(ReferenceRun<?> run) {
    this(run, Map.of());
  }

  private Building(ReferenceRun<?> run, Map<Node.Lane<?>, Link> lanes) {
    this.run = run;
    this.lanes = lanes;
  }

  private Link link(int capacity) {
    return link(capacity, run.newWait());
  }

  private Link link(int capacity, Condition changed) {
    return run.has(Defect.BUFFERS_WITHOUT_BOUND)
        ? new Link(
            run,
            changed,
            Integer.MAX_VALUE,
            1_000) // the source is far ahead before the sink has anything
        : new Link(run, changed, capacity, 1);
  }

  private Account open(Node<?> node) {
    return run.ledger.open(node.name());
  }

  /** Opens accounts in the order in which stages are to be reported. */
  private void declare(Node<?> node) {
    node.inputs().forEach(this::declare);
    open(node);
    if (node instanceof Node.FanOut<?, ?> out) {
      new LinkedHashSet<>(out.branches()).forEach(branch -> declare(branch.output()));
    }
  }

  <R extends @Nullable Object> void build(Pipeline<R> pipeline) {
    declare(pipeline.node());
    Account account = run.ledger.open("sink");
    var input = new Input(run, build(pipeline.node()), account);
    var owner = (ReferenceRun<R>) run;
    run.fork(new Worker("sink"), worker -> sink(worker, owner, pipeline.sink(), input, account));
  }

  private <R extends @Nullable Object> void sink(
      Worker worker, ReferenceRun<R> owner, Sink<Object, R> sink, Input input, Account account)
      throws Exception {
    Sink.Receiver<Object, R> receiver = null;
    String place = "when it was opened";
    try {
      receiver = sink.open(run.context);
      boolean wantsMore = true;
      for (Object element; wantsMore && (element = input.take(worker)) != null; ) {
        place = "on " + Descriptions.ofElement(element);
        wantsMore = receiver.accept(element);
        worker.endCall();
        account.processed();
      }
      worker.check();
      run.failIfASourceHas();
      place = "when it was finished";
      owner.complete(receiver.finish());
    } catch (Stopped e) {
      // it was told to
    } catch (Throwable e) {
      if (!worker.isStopped() || !(e instanceof InterruptedException)) {
        run.fail(e, "the sink failed %s: %s".formatted(place, Descriptions.ofCause(e)));
      }
    } finally {
      input.leave();
      worker.shield();
      if (receiver != null) {
        try {
          receiver.close();
        } catch (Throwable e) {
          run.fail(e, "the sink failed when it was closed: " + Descriptions.ofCause(e));
        }
      }
    }
  }

  private Output build(Node<?> node) {
    return switch (node) {
      case Node.From<?> from -> from(from);
      case Node.Sequential<?, ?> sequential ->
          sequential((Node.Sequential<Object, Object>) sequential);
      case Node.Timed<?, ?> timed -> timed((Node.Timed<Object, Object>) timed);
      case Node.Parallel<?, ?> parallel -> {
        var output = new Output(link(1), parallel);
        var account = run.ledger.openWorker(parallel.name());
        var input = new Input(run, build(parallel.input()), account);
        new Parallel(
                run,
                (Node.Parallel<Object, Object>) parallel,
                account,
                input::take,
                input::leave,
                output.link())
            .start();
        yield output;
      }
      case Node.Buffer<?> buffer -> buffer((Node.Buffer<Object>) buffer);
      case Node.Merge<?> merge -> merge(merge);
      case Node.Concat<?> concat -> concat(concat);
      case Node.Zip<?, ?, ?> zip -> zip((Node.Zip<Object, Object, Object>) zip);
      case Node.FanOut<?, ?> out -> fanOut((Node.FanOut<Object, Object>) out);
      case Node.Lane<?> lane -> new Output(Objects.requireNonNull(lanes.get(lane)), lane);
    };
  }

  private void fork(Node<?> node, Link output, Worker.Body body) {
    var worker = new Worker(node.name());
    output.addWriter(worker);
    run.fork(worker, body);
  }

  /**
   * One of the threads that write to an output: it leaves its input, whatever has happened, and the
   * last of them ends the output.
   */
  private void fork(
      Node<?> node, Link output, AtomicInteger writers, Input input, Worker.Body body) {
    fork(
        node,
        output,
        worker -> {
          try {
            body.run(worker);
          } finally {
            input.leave();
          }
          if (writers.decrementAndGet() == 0) {
            output.end();
          }
        });
  }

  private Output from(Node.From<?> node) {
    Link output = link(1);
    var reader = new SourceReader(run, node, open(node), output);
    fork(
        node,
        output,
        worker -> {
          reader.read(worker);
          output.end();
        });
    return new Output(output, node);
  }

  // Stages of one input

  private Output sequential(Node.Sequential<Object, Object> node) {
    Account account = open(node);
    Link output = link(1);
    var stage = new OneByOne(run, account, new Input(run, build(node.input()), account), output);
    fork(node, output, worker -> stage.sequential(worker, node));
    return new Output(output, node);
  }

  private Output timed(Node.Timed<Object, Object> node) {
    Account account = open(node);
    var input = new Input(run, build(node.input()), account);
    Link output = link(1);
    var stage = new OneByOne(run, account, input, output);
    fork(node, output, new AtomicInteger(1), input, worker -> stage.timed(worker, node));
    return new Output(output, node);
  }

  private Output buffer(Node.Buffer<Object> node) {
    Account account = open(node);
    var input = new Input(run, build(node.input()), account);
    Link output = link(node.capacity());
    fork(
        node,
        output,
        new AtomicInteger(1),
        input,
        worker -> {
          for (Object element; (element = input.take(worker)) != null; ) {
            if (!output.put(worker, element, account, node)) {
              throw new Stopped();
            }
          }
        });
    return new Output(output, node);
  }

  // Stages of many inputs

  private void pass(Worker worker, Input input, Account account, Link output) {
    for (Object element; (element = input.take(worker)) != null; ) {
      account.processed();
      account.produced();
      if (!output.put(worker, element, account)) {
        throw new Stopped();
      }
    }
  }

  private Output merge(Node.Merge<?> node) {
    Link output = link(1);
    var left = new AtomicInteger(node.inputs().size());
    for (Node<?> each : node.inputs()) {
      Account account = open(node);
      var input = new Input(run, build(each), account);
      fork(node, output, left, input, worker -> pass(worker, input, account, output));
    }
    return new Output(output, node);
  }

  private Output concat(Node.Concat<?> node) {
    Link output = link(1);
    fork(
        node,
        output,
        worker -> {
          if (run.has(Defect.OPENS_ALL_INPUTS_AT_ONCE)) {
            var _ = build(node.inputs().getLast());
          }
          for (Node<?> each : node.inputs()) {
            Account account = open(node);
            var input = new Input(run, build(each), account);
            try {
              pass(worker, input, account, output);
            } finally {
              input.leave();
            }
          }
          output.end();
        });
    return new Output(output, node);
  }

  private Output zip(Node.Zip<Object, Object, Object> node) {
    Account account = open(node);
    var left = new Input(run, build(node.left()), account);
    var right = new Input(run, build(node.right()), account);
    Link output = link(1);
    fork(
        node,
        output,
        worker -> {
          try {
            while (left.awaitElement(worker) && right.awaitElement(worker)) {
              Object one = Objects.requireNonNull(left.take(worker));
              Object other = Objects.requireNonNull(right.take(worker));
              Object result;
              try {
                result = Objects.requireNonNull(node.combiner().apply(one, other));
                worker.endCall();
              } catch (Throwable e) {
                List<Object> pair = List.of(one, other);
                run.failures.failed(worker, account, 2, node.name(), node.policy(), pair, e);
                continue;
              }
              account.processed();
              account.processed();
              account.produced();
              if (!output.put(worker, result, account)) {
                return;
              }
            }
          } finally {
            left.leave();
            right.leave();
          }
          output.end();
        });
    return new Output(output, node);
  }

  // Stages of many outputs

  private Output fanOut(Node.FanOut<Object, Object> node) {
    Link output = link(1);
    Condition room = run.newWait();
    List<FanOut.Lane> into = new ArrayList<>();
    var left = new AtomicInteger(node.branches().size());
    for (Node.Branch<Object, Object> branch : node.branches()) {
      Link lane = link(1, room);
      into.add(new FanOut.Lane(lane, open(branch.lane())));
      Map<Node.Lane<?>, Link> inside = new HashMap<>(lanes);
      inside.put(branch.lane(), lane);
      Output end = new Building(run, inside).build(branch.output());
      Account account = open(node);
      Account unused = new Ledger().open("counted in the lane");
      var input = new Input(run, end, unused);
      fork(
          node,
          output,
          left,
          input,
          worker -> {
            for (Object element; (element = input.take(worker)) != null; ) {
              account.produced();
              if (!output.put(worker, element, account)) {
                throw new Stopped();
              }
            }
          });
    }
    Account account = open(node);
    var input = new Input(run, build(node.input()), account);
    new FanOut(run, node, account, into, room)
        .start(new Worker(node.name()), input::take, input::leave);
    return new Output(output, node);
  }
}
