package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Ledger;
import dev.millrace.pipeline.graph.Mapping;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Node.Overflow;
import dev.millrace.pipeline.graph.TimedTransform;
import dev.millrace.pipeline.graph.Transform;
import dev.millrace.stages.internal.Crew;
import dev.millrace.stages.internal.Mappings;
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
 * Makes the chains of a run out of its blueprint, from the sink upwards: sequential stages join the
 * chain of the stage after them; other stages begin it, and have the chains that feed them end in
 * links.
 *
 * <p>The types of the elements are checked by the blueprint, and of no interest here.
 */
public final class Wiring {

  /** A buffer as large as this is not allocated in advance. */
  private static final int LARGE = 1 << 16;

  /** So many stages call each other: the stack of a thread has room for many more. */
  private static final int FUSED = 128;

  /** Where a branch begins that is being wired. */
  private static final class Entry {
    final Strand producer;
    final Runnable onCancel;
    final int capacity;
    @Nullable Link link;

    Entry(Strand producer, Runnable onCancel, int capacity) {
      this.producer = producer;
      this.onCancel = onCancel;
      this.capacity = capacity;
    }
  }

  private final RunCore<?> run;
  private final Strand.Threads threads;
  private final Sources sources;
  private final Ledger ledger;
  private final Map<Node.Lane<?>, Entry> entries = new HashMap<>();

  private Wiring(ChannelRun<?> run) {
    this.run = run;
    this.threads = run;
    this.sources = run.sources();
    this.ledger = run.ledger();
  }

  /** Makes what the run runs; the chain of the sink starts the others. */
  public static <R extends @Nullable Object> Chain wire(Pipeline<R> pipeline, ChannelRun<R> run) {
    return new Wiring(run).wire(pipeline, (RunCore<R>) run);
  }

  private <R extends @Nullable Object> Chain wire(Pipeline<R> pipeline, RunCore<R> owner) {
    declare(pipeline.node());
    ledger.open("sink");
    return chain(
        pipeline.node(),
        strand -> {
          Account account = ledger.open("sink", pipeline.node().name());
          strand.addStage("sink", account);
          return new SinkStep<>(strand, owner, pipeline.sink(), open(pipeline.node()), account);
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

  /** The account of a strand that does something of the node. */
  private Account open(Node<?> node, Strand strand) {
    Account account = open(node);
    strand.addStage(node.name(), account);
    return account;
  }

  /** The account of a step that takes what the node before it makes. */
  private Account openAfter(Node<?> before, Node<?> node, Strand strand) {
    Account account = ledger.open(node.name(), before.name());
    strand.addStage(node.name(), account);
    return account;
  }

  /** For what is counted elsewhere. */
  private static Account unused() {
    return new Ledger().open("unused");
  }

  private Chain chain(Node<?> node, Function<Strand, Step> last) {
    var strand = new Strand(run, threads);
    return chain(node, strand, last.apply(strand));
  }

  /** The chain that gives the elements of the node to a step, in that strand. */
  private Chain chain(Node<?> last, Strand strand, Step end) {
    Node<?> node = last;
    Step next = end;
    for (int fused = 0;
        fused < FUSED && node instanceof Node.Sequential<?, ?> sequential;
        fused++) {
      List<Node.Sequential<?, ?>> mappings = mappings(sequential);
      if (mappings.isEmpty()) {
        next = step(sequential, strand, next);
        node = sequential.input();
      } else {
        next = mappingStep(mappings, strand, next);
        node = mappings.getFirst().input();
      }
    }
    return chainFrom(node, strand, next);
  }

  /** The mappings that end with the node, the last one last; none if it is no mapping. */
  private static List<Node.Sequential<?, ?>> mappings(Node.Sequential<?, ?> last) {
    var mappings = new ArrayDeque<Node.Sequential<?, ?>>();
    for (Node<?> node = last;
        mappings.size() < Mappings.MOST
            && node instanceof Node.Sequential<?, ?> sequential
            && sequential.transform() instanceof Mapping.Maker<?, ?>;
        node = sequential.input()) {
      mappings.addFirst(sequential);
    }
    return List.copyOf(mappings);
  }

  private Step mappingStep(List<Node.Sequential<?, ?>> nodes, Strand strand, Step next) {
    var stages = new ArrayDeque<MappingStep.Stage>();
    for (Node.Sequential<?, ?> node : nodes.reversed()) {
      Account account = openAfter(node.input(), node, strand);
      stages.addFirst(
          new MappingStep.Stage(node.name(), untyped(node.transform()), node.policy(), account));
    }
    return new MappingStep(strand, List.copyOf(stages), open(nodes.getFirst().input()), next);
  }

  private Chain chainFrom(Node<?> node, Strand strand, Step next) {
    if (strand.isUnnamed()) { // it only hands over what the node emits
      open(node, strand);
    }
    return switch (node) {
      case Node.From<?> from -> from(from, strand, next);
      case Node.Sequential<?, ?> sequential -> cut(sequential, strand, next);
      case Node.Timed<?, ?> timed -> timed(timed, strand, next);
      case Node.Parallel<?, ?> parallel -> parallel(parallel, strand, next);
      case Node.Buffer<?> buffer -> buffer(buffer, strand, next);
      case Node.Merge<?> merge -> merge(merge, strand, next);
      case Node.Concat<?> concat -> concat(concat, strand, next);
      case Node.Zip<?, ?, ?> zip -> zip(zip, strand, next);
      case Node.FanOut<?, ?> out -> fanOut(out, strand, next);
      case Node.Lane<?> lane -> lane(lane, strand, next);
    };
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the blueprint is well typed
  private static <T> T untyped(Object typed) {
    return (T) typed;
  }

  private Chain from(Node.From<?> node, Strand strand, Step next) {
    var driver = new SourceDriver(strand, sources, node, open(node, strand), next);
    return new Chain(strand, driver, next);
  }

  private Step step(Node.Sequential<?, ?> node, Strand strand, Step next) {
    Supplier<? extends Transform<Object, Object>> transform = untyped(node.transform());
    Account account = openAfter(node.input(), node, strand);
    return new SequentialStep<>(
        strand, node.name(), transform, node.policy(), open(node.input()), account, next);
  }

  /** Goes on in another thread: calls would nest too deeply. */
  private Chain cut(Node.Sequential<?, ?> node, Strand strand, Step next) {
    var producer = new Strand(run, threads);
    Link link = new Ring(Link.CAPACITY, producer, strand, producer::stop);
    Chain feeder = chain(node, producer, new WireStep(link, open(node)));
    return new Chain(strand, new LinkDriver(strand, link, List.of(feeder), next), next);
  }

  private Chain timed(Node.Timed<?, ?> node, Strand strand, Step next) {
    Supplier<? extends TimedTransform<Object, Object>> transform = untyped(node.transform());
    Account account = openAfter(node.input(), node, strand);
    var step =
        new TimedStep(
            strand, node.name(), transform, node.policy(), open(node.input()), account, next);
    var producer = new Strand(run, threads);
    Link link = new Ring(Link.CAPACITY, producer, strand, producer::stop);
    Chain feeder = chain(node.input(), producer, new WireStep(link, open(node.input())));
    return new Chain(strand, new TimedDriver(strand, link, List.of(feeder), step), step);
  }

  private Chain parallel(Node.Parallel<?, ?> node, Strand strand, Step next) {
    Node.Parallel<Object, Object> untyped = untyped(node);
    var producer = new Strand(run, threads);
    Crew crew = Worker.crew(run, threads, untyped, ledger, producer, strand);
    Step intake =
        new CrewStep(
            producer, crew, untyped, open(node.input()), openAfter(node.input(), node, producer));
    Chain feeder = chain(node.input(), producer, intake);
    return new Chain(strand, new CrewDriver(strand, crew, List.of(feeder), next), next);
  }

  private Chain buffer(Node.Buffer<?> node, Strand strand, Step next) {
    var producer = new Strand(run, threads);
    boolean inRing = node.overflow() != Overflow.DROP_OLDEST && node.capacity() < LARGE;
    Link link =
        inRing
            ? new Ring(node.capacity(), producer, strand, producer::stop)
            : new DequeLink(node.capacity(), producer, strand, producer::stop);
    Chain feeder =
        chain(
            node.input(),
            producer,
            outlet(producer, link, node.overflow(), untyped(node.onDrop()), node.input(), node));
    return new Chain(strand, new LinkDriver(strand, link, List.of(feeder), next), next);
  }

  private OutletStep outlet(
      Strand producer,
      Link link,
      Overflow overflow,
      Consumer<Object> onDrop,
      Node<?> input,
      Node<?> node) {
    Account from = open(input);
    Account account = openAfter(input, node, producer);
    return new OutletStep(link, overflow, onDrop, from, account, account);
  }

  private Chain merge(Node.Merge<?> node, Strand strand, Step next) {
    List<Link> links = new ArrayList<>();
    List<Chain> feeders = new ArrayList<>();
    for (Node<?> input : node.inputs()) {
      var producer = new Strand(run, threads);
      Link link = new Ring(Link.CAPACITY, producer, strand, producer::stop);
      links.add(link);
      feeders.add(
          chain(
              input, producer, outlet(producer, link, Overflow.WAIT, element -> {}, input, node)));
    }
    return new Chain(strand, new MergeDriver(strand, links, feeders, next), next);
  }

  private Chain concat(Node.Concat<?> node, Strand strand, Step next) {
    List<Chain> inputs = new ArrayList<>();
    for (Node<?> input : node.inputs()) {
      inputs.add(
          chain(input, strand, new ConcatStep(open(input), openAfter(input, node, strand), next)));
    }
    return new Chain(strand, new ConcatDriver(strand, inputs, next), next);
  }

  private Chain zip(Node.Zip<?, ?, ?> node, Strand strand, Step next) {
    List<Chain> feeders = new ArrayList<>();
    ZipDriver.Side left = side(node.left(), strand, feeders);
    ZipDriver.Side right = side(node.right(), strand, feeders);
    var driver =
        new ZipDriver(strand, untyped(node), open(node, strand), left, right, feeders, next);
    return new Chain(strand, driver, next);
  }

  private ZipDriver.Side side(Node<?> input, Strand strand, List<Chain> feeders) {
    var producer = new Strand(run, threads);
    Link link = new Ring(Link.CAPACITY, producer, strand, producer::stop);
    feeders.add(chain(input, producer, new WireStep(link, open(input))));
    return new ZipDriver.Side(link, open(input));
  }

  private Chain fanOut(Node.FanOut<?, ?> node, Strand strand, Step next) {
    var producer = new Strand(run, threads);
    Account account = openAfter(node.input(), node, producer);
    Runnable onCancel = FanOutStep.whenAll(node.branches().size(), producer);
    int capacity = node.route() == Node.Route.BALANCE ? 1 : Link.LANE;
    List<OutletStep> lanes = new ArrayList<>();
    List<Link> links = new ArrayList<>();
    List<Chain> feeders = new ArrayList<>();
    for (Node.Branch<?, ?> branch : node.branches()) {
      var entry = new Entry(producer, onCancel, capacity);
      entries.put(branch.lane(), entry);
      var last = new Strand(run, threads);
      Link link = new Ring(Link.LANE, last, strand, last::stop);
      links.add(link);
      var outlet =
          new OutletStep(
              link, open(branch.output()), ledger.openAfter(branch.output().name()), open(node));
      feeders.add(chain(branch.output(), last, outlet));
      Link first = entry.link;
      if (first == null) { // the branch does not begin with its lane
        onCancel.run();
      } else {
        Account lane = open(branch.lane());
        lanes.add(new OutletStep(first, unused(), lane, lane));
      }
    }
    Function<Object, ?> key = node.key() == null ? null : untyped(node.key());
    Step spread =
        new FanOutStep(
            producer,
            node.name(),
            node.route(),
            key,
            node.policy(),
            lanes,
            open(node.input()),
            account);
    feeders.add(chain(node.input(), producer, spread));
    return new Chain(strand, new MergeDriver(strand, links, feeders, next), next);
  }

  private Chain lane(Node.Lane<?> node, Strand strand, Step next) {
    Entry entry = entries.get(node);
    if (entry == null) {
      throw new IllegalArgumentException(
          "lane '" + node.name() + "' is used outside of its branch");
    }
    Link link = new Ring(entry.capacity, entry.producer, strand, entry.onCancel);
    entry.link = link;
    return new Chain(strand, new LinkDriver(strand, link, List.of(), next), next);
  }
}
