package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Carrier;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Node.Route;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites a blueprint for one run. Then the settlements of sources are called when elements are
 * settled, and resources stay open as long as elements depend on them. Elements travel in
 * envelopes; an envelope names the origin of its element. Engines need no code for this.
 */
/*
 * The claims, for each kind of node:
 * 1. An element under way has one claim to its origin for each stage that will get it. After a broadcast,
 *    all branches get the same object, so it cannot gain claims later: its number of claims must be known
 *    when it is made. The lift computes this number ("claims" below) from the sink upwards. The stage that
 *    makes an element makes that many claims.
 * 2. A stage with a function releases the claim of its input when the function has returned, or hands the
 *    claim on to the only result. It keeps the claims of the elements that it holds (see Transform.holds).
 * 3. A stage without a function (merge, concat, a buffer, a lane) passes the claims on. A buffer that
 *    drops an element releases its claims.
 * 4. The claims of a failed element are released when a failure handler has taken the failure.
 * 5. An element that is lost, because the run ends or a branch wants no more, keeps its claims. So its
 *    origin is not settled, and is abandoned at the end of the run.
 * Resources follow the same rules: a source's cursor, an iterable of a flatMap, and a transform with a close
 * of its own are origins too. Each has one claim for the stage that has opened it. An element that descends
 * from no settling source and no resource travels without an envelope.
 * So an engine needs no callback when it discards an element. The price: when one branch of a broadcast ends
 * before the others, no later element is settled, and their resources stay open until the run ends.
 */
@SuppressWarnings("unchecked") // the blueprint is well typed
class Lift {

  private record Line(Node<?> node, int claims) {}

  private final Unsettled unsettled;
  private final Resources resources;
  private final IdentityHashMap<Node.Branch<?, ?>, Node.Branch<Object, Object>> branches =
      new IdentityHashMap<>();
  private final IdentityHashMap<Node.Lane<?>, Integer> claimsOfLanes = new IdentityHashMap<>();
  private final IdentityHashMap<StageConsumer<? super Failure<?>>, StageConsumer<Failure<?>>>
      handlers = new IdentityHashMap<>();

  /** The names of the zip stages: the element of their failures is a pair. */
  private final Set<String> zips = new HashSet<>();

  /** The number of claims of a failed element, by stage. Default: 1. */
  private final Map<String, Integer> claimsOfFailures = new HashMap<>();

  /**
   * Creates the lift of a new run.
   *
   * @param unsettled the run's unsettled elements
   * @param resources the run's resources
   */
  Lift(Unsettled unsettled, Resources resources) {
    this.unsettled = unsettled;
    this.resources = resources;
  }

  /** Whether a settling source is above the node. */
  static boolean settles(Node<?> last) {
    Deque<Node<?>> open = new ArrayDeque<>(List.of(last));
    Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    while (!open.isEmpty()) {
      Node<?> node = open.pop();
      if (node instanceof Node.From<?> from && from.source() instanceof SettlingSource<?>) {
        return true;
      }
      if (seen.add(node)) {
        node.inputs().forEach(open::push);
        if (node instanceof Node.FanOut<?, ?> out) {
          out.branches().forEach(branch -> open.push(branch.output()));
        }
      }
    }
    return false;
  }

  Node<?> lift(Node<?> last) {
    return lift(last, 1);
  }

  /** Loops along single inputs instead of recursing, so that a pipe may have any length. */
  private Node<Object> lift(Node<?> last, int claims) {
    Deque<Line> line = new ArrayDeque<>();
    var head = new Line(last, claims);
    for (Line next; (next = above(head)) != null; head = next) {
      line.push(head);
    }
    Node<Object> lifted = head(head.node(), head.claims());
    for (Line each : line) {
      lifted = stage(each.node(), each.claims(), lifted);
    }
    return lifted;
  }

  /**
   * The single input of a node, and the number of claims that its elements need; null if the node
   * has not exactly one input.
   */
  private @Nullable Line above(Line line) {
    return switch (line.node()) {
      case Node.Sequential<?, ?> node -> new Line(node.input(), 1);
      case Node.Timed<?, ?> node -> new Line(node.input(), 1);
      case Node.Parallel<?, ?> node -> new Line(node.input(), 1);
      case Node.Buffer<?> node -> new Line(node.input(), line.claims());
      case Node.FanOut<?, ?> node -> new Line(node.input(), spread(node, line.claims()));
      default -> null;
    };
  }

  private Node<Object> head(Node<?> head, int claims) {
    return switch (head) {
      case Node.From<?> node ->
          new Node.From<>(
              node.name(), untyped(source(node, claims).onFailure(node.source().onFailure())));
      case Node.Lane<?> node -> {
        claimsOfLanes.put(node, claims);
        yield untyped(node);
      }
      case Node.Merge<?> node -> new Node.Merge<>(node.name(), all(node.inputs(), claims));
      case Node.Concat<?> node -> new Node.Concat<>(node.name(), all(node.inputs(), claims));
      case Node.Zip<?, ?, ?> node -> {
        zips.add(node.name());
        yield new Node.Zip<>(
            node.name(),
            lift(node.left(), 1),
            lift(node.right(), 1),
            combiner(untyped(node.combiner()), claims),
            policy(node.policy()));
      }
      default -> throw new AssertionError(head.name());
    };
  }

  private Node<Object> stage(Node<?> stage, int claims, Node<Object> input) {
    return switch (stage) {
      case Node.Sequential<?, ?> node ->
          new Node.Sequential<>(
              node.name(),
              input,
              untyped(transform(node.transform(), claims)),
              policy(node.policy()));
      case Node.Timed<?, ?> node -> {
        Supplier<? extends TimedTransform<Object, Object>> timed = untyped(node.transform());
        Supplier<?> lifted = () -> new LiftedTimedTransform<>(timed.get(), claims, resources);
        yield new Node.Timed<>(node.name(), input, untyped(lifted), policy(node.policy()));
      }
      case Node.Parallel<?, ?> node ->
          new Node.Parallel<>(
              node.name(),
              input,
              node.parallelism(),
              node.prefetch(),
              node.order(),
              key(node.key()),
              function(untyped(node.function()), claims),
              policy(node.policy()));
      case Node.Buffer<?> node ->
          new Node.Buffer<>(
              node.name(),
              input,
              node.capacity(),
              node.overflow(),
              dropped(untyped(node.onDrop()), claims));
      case Node.FanOut<?, ?> node -> fanOut(node, input);
      default -> throw new AssertionError(stage.name());
    };
  }

  private List<Node<Object>> all(List<? extends Node<?>> nodes, int claims) {
    List<Node<Object>> lifted = new ArrayList<>();
    for (Node<?> node : nodes) {
      lifted.add(lift(node, claims));
    }
    return lifted;
  }

  @SuppressWarnings("TypeParameterUnusedInFormals") // the blueprint is well typed
  private static <T> T untyped(Object typed) {
    return (T) typed;
  }

  // Fan-outs

  /** Lifts the branches; returns the number of claims that an element of the fan-out needs. */
  private int spread(Node.FanOut<?, ?> node, int claims) {
    int sum = 0;
    int most = 0;
    for (Node.Branch<?, ?> branch : node.branches()) {
      if (!branches.containsKey(branch)) {
        Node.Lane<Object> lane = untyped(branch.lane());
        branches.put(branch, new Node.Branch<>(lane, lift(branch.output(), claims)));
      }
      int wanted = Objects.requireNonNull(claimsOfLanes.get(branch.lane()));
      sum += wanted;
      most = Math.max(most, wanted);
    }
    int all = node.route() == Route.BROADCAST ? sum : most;
    claimsOfFailures.put(node.name(), all);
    return all;
  }

  private Node<Object> fanOut(Node.FanOut<?, ?> node, Node<Object> input) {
    List<Node.Branch<Object, Object>> lifted = new ArrayList<>();
    for (Node.Branch<?, ?> branch : node.branches()) {
      lifted.add(Objects.requireNonNull(branches.get(branch)));
    }
    return new Node.FanOut<>(
        node.name(), input, node.route(), key(node.key()), lifted, policy(node.policy()));
  }

  // Functions

  private <T> Source<?> source(Node.From<T> node, int claims) {
    SettlingSource<T> settling = settling(node.source());
    if (settling != null) {
      return unsettled.lift(settling, claims);
    }
    if (node.source() instanceof IndependentSource<?>) {
      return node.source();
    }
    return new Source<Object>() {
      @Override
      public Cursor<Object> open(Context context) throws Exception {
        Cursor<?> cursor = node.source().open(context);
        return tracked(Objects.requireNonNull(cursor, "the source opened null"), claims);
      }
    };
  }

  /** Makes the cursor a resource of its elements, if it has a {@code close} of its own. */
  private Source.Cursor<Object> tracked(Source.Cursor<?> cursor, int claims) {
    if (!Resources.closes(cursor)) {
      return untyped(cursor);
    }
    Resource resource = resources.add(cursor, Origin.NONE);
    return new Source.Cursor<>() {
      @Override
      public @Nullable Object next() throws Exception {
        Object element = cursor.next();
        if (element == null) {
          return null;
        }
        resource.retain(claims);
        return new Envelope<>(element, resource);
      }

      @Override
      public void close() {
        resource.release(1);
      }
    };
  }

  /** The source, if it settles. */
  <T> @Nullable SettlingSource<T> settling(Source<T> source) {
    return source instanceof SettlingSource<T> settling ? settling : null;
  }

  private Supplier<?> transform(Supplier<?> supplier, int claims) {
    return switch (supplier) {
      case SelfLifting lifting -> lifting.lifted(claims, resources);
      case Mapping.Maker<?, ?> maker -> mapping(untyped(maker), claims);
      default -> {
        Supplier<Transform<Object, Object>> other = untyped(supplier);
        yield () -> transform(other.get(), claims);
      }
    };
  }

  private Mapping.Maker<Object, Object> mapping(Mapping.Maker<Object, Object> maker, int claims) {
    return () -> new LiftedMapping<>(maker.get(), claims, resources);
  }

  private Transform<Object, Object> transform(Transform<Object, Object> transform, int claims) {
    if (transform instanceof OriginTransform<Object, Object> knowing) {
      return new LiftedOriginTransform<>(knowing, claims, resources);
    }
    return transform.holds() == Transform.ALL
        ? new LiftedUnknownTransform<>(transform, claims, resources)
        : new LiftedTransform<>(transform, claims, resources);
  }

  private static StageFunction<Object, Object> function(
      StageFunction<Object, Object> function, int claims) {
    return element -> {
      Object result = Transforms.result(function.apply(Envelope.value(element)));
      if (!(element instanceof Envelope<?> input)) {
        return result;
      }
      input.origin().retain(claims - 1);
      return new Envelope<>(result, input.origin());
    };
  }

  private static Node.Combiner<Object, Object, Object> combiner(
      Node.Combiner<Object, Object, Object> combiner, int claims) {
    return (left, right) -> {
      Object result = combiner.apply(Envelope.value(left), Envelope.value(right));
      Objects.requireNonNull(result, "the combiner returned null");
      List<Origin> origins = List.of(Envelope.origin(left), Envelope.origin(right));
      return Envelope.of(result, Origin.merge(origins, claims));
    };
  }

  private static @Nullable Function<Object, ?> key(@Nullable Function<?, ?> key) {
    if (key == null) {
      return null;
    }
    Function<Object, ?> untyped = untyped(key);
    return element -> untyped.apply(Envelope.value(element));
  }

  private static Consumer<Object> dropped(Consumer<Object> onDrop, int claims) {
    return element -> {
      onDrop.accept(Envelope.value(element));
      Envelope.origin(element).release(claims);
    };
  }

  <R extends @Nullable Object> Sink<Object, R> lift(Sink<Object, R> sink) {
    return context -> {
      Sink.Receiver<Object, R> receiver = sink.open(context);
      return new Sink.Receiver<>() {
        private final Held held = new Held();

        @Override
        public boolean accept(Object element) throws Exception {
          boolean more = receiver.accept(Envelope.value(element));
          Origin origin = Envelope.origin(element);
          if (origin != Origin.NONE || !held.isEmpty()) {
            accepted(origin, receiver.holds());
          }
          return more;
        }

        // If elements are safe only after finish(), the receiver does not use their resources until
        // then: it keeps only the claims to the settling sources.
        private void accepted(Origin origin, int holds) {
          if (holds != Integer.MAX_VALUE) {
            held.add(origin, holds);
            return;
          }
          Origin unsafe = origin.withoutResources();
          if (unsafe != Origin.NONE) {
            held.add(unsafe, holds);
          }
          origin.release(1);
        }

        @Override
        public R finish() throws Exception {
          R result = receiver.finish();
          held.keep(0);
          return result;
        }

        @Override
        public void close() throws Exception {
          receiver.close();
        }
      };
    };
  }

  // Failures

  private FailurePolicy policy(FailurePolicy policy) {
    StageConsumer<? super Failure<?>> letters = policy.deadLetters();
    return letters == null ? policy : policy.withDeadLetters(handler(letters));
  }

  /**
   * Wraps a handler: it gets the element without its envelope. The same handler always gets the
   * same wrapper, because engines lock by handler.
   */
  StageConsumer<Failure<?>> handler(StageConsumer<? super Failure<?>> handler) {
    return handlers.computeIfAbsent(
        handler,
        plain ->
            failure -> {
              FailedOrigins.handle(() -> sources(failure), () -> plain.accept(plain(failure)));
              int claims = claimsOfFailures.getOrDefault(failure.stage(), 1);
              for (Object each : elements(failure)) {
                Envelope.origin(each).release(claims);
              }
            });
  }

  private List<SourceElement> sources(Failure<?> failure) {
    return Origin.sources(elements(failure).stream().map(Envelope::origin).toList());
  }

  private List<?> elements(Failure<?> failure) {
    return zips.contains(failure.stage())
        ? (List<?>) failure.element()
        : List.of(failure.element());
  }

  private Failure<?> plain(Failure<?> failure) {
    Object element =
        zips.contains(failure.stage())
            ? elements(failure).stream().map(Envelope::value).toList()
            : Carrier.unwrap(Envelope.value(failure.element()));
    return new Failure<>(
        failure.stage(),
        element,
        failure.attempt(),
        failure.cause(),
        failure.time(),
        failure.notes());
  }
}
