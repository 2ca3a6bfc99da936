package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.stages.internal.pool.SharedQueue;
import dev.millrace.stages.internal.pool.WorkerPool;
import dev.millrace.stages.internal.run.RunCore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Plans the threads of a run from its blueprint, from the sink upwards. Sequential stages join the
 * thread of the stage after them. Other stages begin a thread, whose driver takes elements from
 * links or a pool; the threads that feed it end there.
 *
 * <p>The types of the elements are checked by the blueprint, and of no interest here.
 */
public final class Planner {

  /** A buffer as large as this is not allocated in advance. */
  private static final int LARGE = 1 << 16;

  /** How many stages call each other at most: the stack of a thread has room for many more. */
  private static final int FUSED = 128;

  /** Where a branch begins that is being wired. */
  private static final class Entry {
    final Function<PipelineThread, Link> links;
    @Nullable Link link;

    /**
     * An entry.
     *
     * @param links makes the link to the thread of the branch
     */
    Entry(Function<PipelineThread, Link> links) {
      this.links = links;
    }
  }

  private final RunCore<?> run;
  private final PipelineThread.Threads threads;
  private final Ledger ledger;
  private final Map<Node.Lane<?>, Entry> entries = new HashMap<>();

  private Planner(ChannelRun<?> run) {
    this.run = run;
    this.threads = run;
    this.ledger = run.ledger();
  }

  /** Makes the body of the sink's thread; the chain of the sink starts the other threads. */
  public static <R extends @Nullable Object> ThreadBody plan(
      Pipeline<R> pipeline, ChannelRun<R> run) {
    return new Planner(run).plan(pipeline, (RunCore<R>) run);
  }

  private <R extends @Nullable Object> ThreadBody plan(Pipeline<R> pipeline, RunCore<R> owner) {
    declare(pipeline.node());
    ledger.open("sink");
    return chain(
        pipeline.node(),
        thread -> {
          Account account = ledger.open("sink", pipeline.node().name());
          thread.addSink("sink", account, pipeline.sink());
          return new SinkStep<>(thread, owner, pipeline.sink(), open(pipeline.node()), account);
        });
  }

  /** Opens accounts in the order in which stages are to be reported. */
  private void declare(Node<?> last) {
    Deque<Node<?>> line = new ArrayDeque<>();
    Node<?> node = last;
    line.push(node);
    while (node.inputs().size() == 1) {
      node = node.inputs().getFirst();
      line.push(node);
    }
    node.inputs().forEach(this::declare);
    for (Node<?> each : line) {
      open(each);
      if (each instanceof Node.FanOut<?, ?> out) {
        new LinkedHashSet<>(out.branches().stream().map(Node.Branch::output).toList())
            .forEach(this::declare);
      }
    }
  }

  private Account open(Node<?> node) {
    return ledger.open(node.name());
  }

  /** The account for a thread that does a part of the node's work. */
  private Account open(Node<?> node, PipelineThread thread) {
    Account account = open(node);
    thread.addStage(node.name(), account);
    return account;
  }

  /** The account of a step that takes the elements of the node before it. */
  private Account openAfter(Node<?> before, Node<?> node, PipelineThread thread) {
    Account account = ledger.open(node.name(), before.name());
    thread.addStage(node.name(), account);
    return account;
  }

  private ThreadBody chain(Node<?> node, Function<PipelineThread, Step> last) {
    var thread = new PipelineThread(run, threads);
    return chain(node, thread, last.apply(thread));
  }

  /** The chain that gives the elements of the node to a step, in that thread. */
  private ThreadBody chain(Node<?> last, PipelineThread thread, Step end) {
    Node<?> node = last;
    Step next = end;
    for (int fused = 0; fused < FUSED && node instanceof Node.Sequential<?, ?> sequential; ) {
      List<Node.Sequential<?, ?>> mappings = mappings(sequential, FUSED - fused);
      fused += Math.max(1, mappings.size());
      if (mappings.isEmpty()) {
        next = step(sequential, thread, next);
        node = sequential.input();
      } else {
        next = mappingStep(mappings, thread, next);
        node = mappings.getFirst().input();
      }
    }
    return chainFrom(node, thread, next);
  }

  /** The mappings that end with the node, the last one last; none if the node is no mapping. */
  private static List<Node.Sequential<?, ?>> mappings(Node.Sequential<?, ?> last, int most) {
    var mappings = new ArrayDeque<Node.Sequential<?, ?>>();
    for (Node<?> node = last;
        mappings.size() < most
            && node instanceof Node.Sequential<?, ?> sequential
            && sequential.transform() instanceof Mapping.Maker<?, ?>;
        node = sequential.input()) {
      mappings.addFirst(sequential);
    }
    return List.copyOf(mappings);
  }

  private Step mappingStep(List<Node.Sequential<?, ?>> nodes, PipelineThread thread, Step next) {
    var stages = new ArrayDeque<MappingStep.Stage>();
    for (Node.Sequential<?, ?> node : nodes.reversed()) {
      Account account = openAfter(node.input(), node, thread);
      stages.addFirst(
          new MappingStep.Stage(node.name(), untyped(node.transform()), node.policy(), account));
    }
    return new MappingStep(thread, List.copyOf(stages), open(nodes.getFirst().input()), next);
  }

  private ThreadBody chainFrom(Node<?> node, PipelineThread thread, Step next) {
    if (thread.isUnnamed()) { // it only hands over the node's outputs
      open(node, thread);
    }
    return switch (node) {
      case Node.From<?> from -> from(from, thread, next);
      case Node.Sequential<?, ?> sequential -> cut(sequential, thread, next);
      case Node.Timed<?, ?> timed -> timed(timed, thread, next);
      case Node.Parallel<?, ?> parallel -> parallel(parallel, thread, next);
      case Node.Buffer<?> buffer -> buffer(buffer, thread, next);
      case Node.Merge<?> merge -> merge(merge, thread, next);
      case Node.Concat<?> concat -> concat(concat, thread, next);
      case Node.Zip<?, ?, ?> zip -> zip(zip, thread, next);
      case Node.FanOut<?, ?> out -> fanOut(out, thread, next);
      case Node.Lane<?> lane -> lane(lane, thread, next);
    };
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the blueprint is well typed
  private static <T> T untyped(Object typed) {
    return (T) typed;
  }

  private ThreadBody from(Node.From<?> node, PipelineThread thread, Step next) {
    var driver = new SourceDriver(thread, node, open(node, thread), next);
    return new ThreadBody(thread, driver, next);
  }

  private Step step(Node.Sequential<?, ?> node, PipelineThread thread, Step next) {
    Supplier<? extends Transform<Object, Object>> transform = untyped(node.transform());
    Account account = openAfter(node.input(), node, thread);
    return new SequentialStep<>(
        thread, node.name(), transform, node.policy(), open(node.input()), account, next);
  }

  /** Goes on in another thread: calls would nest too deeply. */
  private ThreadBody cut(Node.Sequential<?, ?> node, PipelineThread thread, Step next) {
    var producer = new PipelineThread(run, threads);
    Link link = new RingLink(Link.CAPACITY, producer, thread, producer::stop);
    ThreadBody feeder = chain(node, producer, new WireStep(link, open(node)));
    return new ThreadBody(thread, new LinkDriver(thread, link, List.of(feeder), next), next);
  }

  private ThreadBody timed(Node.Timed<?, ?> node, PipelineThread thread, Step next) {
    Supplier<? extends TimedTransform<Object, Object>> transform = untyped(node.transform());
    Account account = openAfter(node.input(), node, thread);
    var step =
        new TimedStep(
            thread, node.name(), transform, node.policy(), open(node.input()), account, next);
    var producer = new PipelineThread(run, threads);
    Link link = new RingLink(Link.CAPACITY, producer, thread, producer::stop);
    ThreadBody feeder = chain(node.input(), producer, new WireStep(link, open(node.input())));
    return new ThreadBody(thread, new TimedDriver(thread, link, List.of(feeder), step), step);
  }

  private ThreadBody parallel(Node.Parallel<?, ?> node, PipelineThread thread, Step next) {
    Node.Parallel<Object, Object> untyped = untyped(node);
    var producer = new PipelineThread(run, threads);
    WorkerPool pool = ChannelWorker.pool(run, threads, untyped, ledger, producer, thread);
    Step intake =
        new PoolStep(
            producer, pool, untyped, open(node.input()), openAfter(node.input(), node, producer));
    ThreadBody feeder = chain(node.input(), producer, intake);
    return new ThreadBody(thread, new PoolDriver(thread, pool, List.of(feeder), next), next);
  }

  private ThreadBody buffer(Node.Buffer<?> node, PipelineThread thread, Step next) {
    var producer = new PipelineThread(run, threads);
    boolean inRing = node.overflow() != Overflow.DROP_OLDEST && node.capacity() < LARGE;
    Link link =
        inRing
            ? new RingLink(node.capacity(), producer, thread, producer::stop)
            : new DequeLink(node.capacity(), producer, thread, producer::stop);
    ThreadBody feeder =
        chain(
            node.input(),
            producer,
            outlet(producer, link, node.overflow(), untyped(node.onDrop()), node.input(), node));
    return new ThreadBody(thread, new LinkDriver(thread, link, List.of(feeder), next), next);
  }

  private OutletStep outlet(
      PipelineThread producer,
      Link link,
      Overflow overflow,
      Consumer<Object> onDrop,
      Node<?> input,
      Node<?> node) {
    Account from = open(input);
    Account account = openAfter(input, node, producer);
    return new OutletStep(link, overflow, onDrop, from, account, account);
  }

  private ThreadBody merge(Node.Merge<?> node, PipelineThread thread, Step next) {
    var ready = new MergeLink.Ready();
    List<MergeLink> links = new ArrayList<>();
    List<ThreadBody> feeders = new ArrayList<>();
    for (Node<?> input : node.inputs()) {
      var producer = new PipelineThread(run, threads);
      var link = new MergeLink(ready, Link.CAPACITY, producer, thread, producer::stop);
      links.add(link);
      feeders.add(
          chain(
              input, producer, outlet(producer, link, Overflow.WAIT, element -> {}, input, node)));
    }
    return new ThreadBody(thread, new MergeDriver(thread, links, ready, feeders, next), next);
  }

  private ThreadBody concat(Node.Concat<?> node, PipelineThread thread, Step next) {
    List<ThreadBody> inputs = new ArrayList<>();
    for (Node<?> input : node.inputs()) {
      inputs.add(
          chain(input, thread, new ConcatStep(open(input), openAfter(input, node, thread), next)));
    }
    return new ThreadBody(thread, new ConcatDriver(thread, inputs, next), next);
  }

  private ThreadBody zip(Node.Zip<?, ?, ?> node, PipelineThread thread, Step next) {
    List<ThreadBody> feeders = new ArrayList<>();
    ZipDriver.Side left = side(node.left(), thread, feeders);
    ZipDriver.Side right = side(node.right(), thread, feeders);
    var driver =
        new ZipDriver(thread, untyped(node), open(node, thread), left, right, feeders, next);
    return new ThreadBody(thread, driver, next);
  }

  private ZipDriver.Side side(Node<?> input, PipelineThread thread, List<ThreadBody> feeders) {
    var producer = new PipelineThread(run, threads);
    Link link = new RingLink(Link.CAPACITY, producer, thread, producer::stop);
    feeders.add(chain(input, producer, new WireStep(link, open(input))));
    return new ZipDriver.Side(link, open(input));
  }

  private ThreadBody fanOut(Node.FanOut<?, ?> node, PipelineThread thread, Step next) {
    var producer = new PipelineThread(run, threads);
    Account account = openAfter(node.input(), node, producer);
    var open = new OpenLanes(node.branches().size(), producer);
    var queue = new SharedQueue(Link.CAPACITY);
    boolean balances = node.route() == Node.Route.BALANCE;
    Function<PipelineThread, Link> entrances =
        balances
            ? lane -> new BalanceLink(queue, producer, lane, open)
            : lane -> new RingLink(Link.LANE, producer, lane, open);
    List<Link> lanes = new ArrayList<>();
    List<OutletStep> outlets = new ArrayList<>();
    Account lane = Account.unattached();
    var ready = new MergeLink.Ready();
    List<MergeLink> links = new ArrayList<>();
    List<ThreadBody> feeders = new ArrayList<>();
    for (Node.Branch<?, ?> branch : node.branches()) {
      var entry = new Entry(entrances);
      entries.put(branch.lane(), entry);
      var last = new PipelineThread(run, threads);
      var link = new MergeLink(ready, Link.LANE, last, thread, last::stop);
      links.add(link);
      var outlet =
          new OutletStep(
              link, open(branch.output()), ledger.openAfter(branch.output().name()), open(node));
      feeders.add(chain(branch.output(), last, outlet));
      Link first = entry.link;
      if (first == null) { // the branch does not begin with its lane
        open.run();
      } else {
        lane = open(branch.lane());
        lanes.add(first);
        outlets.add(new OutletStep(first, Account.unattached(), lane, lane));
      }
    }
    Function<Object, ?> key = node.key() == null ? null : untyped(node.key());
    Account from = open(node.input());
    Step spread =
        balances
            ? new BalanceStep(producer, queue, lanes, open, from, account, lane)
            : new FanOutStep(
                producer, node.name(), key, node.policy(), outlets, open, from, account);
    feeders.add(chain(node.input(), producer, spread));
    return new ThreadBody(thread, new MergeDriver(thread, links, ready, feeders, next), next);
  }

  private ThreadBody lane(Node.Lane<?> node, PipelineThread thread, Step next) {
    Entry entry = entries.get(node);
    if (entry == null) {
      throw new IllegalArgumentException(
          "lane '" + node.name() + "' is used outside of its branch");
    }
    Link link = entry.links.apply(thread);
    entry.link = link;
    return new ThreadBody(thread, new LinkDriver(thread, link, List.of(), next), next);
  }
}
