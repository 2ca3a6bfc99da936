package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stages for {@link Pipe#via} that give the elements of each key, or of each window, a pipe of
 * their own.
 *
 * <pre>{@code
 * pipe.via(
 *     "sessions",
 *     Groups.byKey(Click::user, 10_000, Duration.ofMinutes(30), group -> group.scan("visit", Visit::new, Visit::plus)));
 * }</pre>
 *
 * <p>The stages of the groups run in the thread of this stage, so a group costs the state of its
 * stages, and no thread. They must be sequential ones: {@code map}, {@code scan}, {@code take},
 * {@code batch}, the stages of {@link Operators} and {@link Batches}, and others without a time.
 * For more threads, put the stage into a branch of {@link Pipe#partitionBy}.
 *
 * <p>{@link #splitBefore}, {@link #splitAfter}, {@link #ofSize} and {@link #ofTime} have one open
 * group at a time, which needs no list of its elements: a window may be of any length.
 *
 * <p>With {@link #byKey}, a group opens with the first element of its key. It closes when {@code
 * idle} has passed without an element of the key, and at the end of the input. When {@code most}
 * groups are open and another key comes, the group without an element for the longest time closes.
 * Then its stages end: they emit their last results. A later element of the key opens a new group.
 * When a stage of a group wants no more elements, such as {@code take}, later elements of the group
 * are dropped.
 *
 * <p>Keeps the order of each key. A function that throws makes a failure of the element of this
 * stage, also if a later stage of the group has thrown. Failure policies of the stages in a group
 * are not used. With a {@linkplain Source#settling settling} source, an element is settled when no
 * open group holds an element that came before it. So with groups that hold elements, such as
 * batches, choose a short {@code idle}.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a number or duration out of range, or for a stage that is not
 * sequential.
 */
public final class Groups {

  private Groups() {}

  /**
   * A pipe for each key.
   *
   * @param most the maximum number of open groups; each key costs an entry of a map
   * @param idle how long a group stays open without an element
   * @param stages adds the stages of a group to its pipe; called once, now
   */
  public static <T, R> Supplier<TimedTransform<T, R>> byKey(
      StageFunction<? super T, ?> key, int most, Duration idle, Function<Pipe<T>, Pipe<R>> stages) {
    Objects.requireNonNull(key, "key");
    Pipe.atLeast(1, most, "the number of open groups");
    long nanos = TimedTransforms.positive(idle, "the idle time of a group");
    List<Supplier<?>> all = transforms(Objects.requireNonNull(stages, "stages"));
    TimedTransforms.Ours<T, R> groups = () -> new Grouping<>(key, most, nanos, all);
    return all.stream().anyMatch(Groups::holds) ? new Overlapping.Timed<>(groups) : groups;
  }

  /**
   * A pipe for each part of the input: an element for which {@code begins} is true is the first one
   * of the next part. The last results of a part are emitted when that element comes.
   *
   * @param stages adds the stages of a part to its pipe; called once, now
   */
  public static <T, R> Supplier<Transform<T, R>> splitBefore(
      StageFunction<? super T, Boolean> begins, Function<Pipe<T>, Pipe<R>> stages) {
    Objects.requireNonNull(begins, "begins");
    return parts(
        () -> x -> begins.apply(x) ? Splitting.Border.BEFORE : Splitting.Border.NONE, stages);
  }

  /**
   * A pipe for each part of the input: an element for which {@code ends} is true is the last one of
   * its part. The last results of a part are emitted at once.
   *
   * @param stages adds the stages of a part to its pipe; called once, now
   */
  public static <T, R> Supplier<Transform<T, R>> splitAfter(
      StageFunction<? super T, Boolean> ends, Function<Pipe<T>, Pipe<R>> stages) {
    Objects.requireNonNull(ends, "ends");
    return parts(() -> x -> ends.apply(x) ? Splitting.Border.AFTER : Splitting.Border.NONE, stages);
  }

  /**
   * A pipe for each window of {@code size} elements; the last window may have fewer.
   *
   * @param stages adds the stages of a window to its pipe; called once, now
   */
  public static <T, R> Supplier<Transform<T, R>> ofSize(
      int size, Function<Pipe<T>, Pipe<R>> stages) {
    Pipe.atLeast(1, size, "the size of a window");
    return parts(
        () -> {
          int[] count = {0};
          return x -> ++count[0] % size == 0 ? Splitting.Border.AFTER : Splitting.Border.NONE;
        },
        stages);
  }

  /**
   * A pipe for each window of {@code length}, counted from the start of the run. A window without
   * elements makes no pipe. An element belongs to the time at which the stage takes it.
   *
   * @param stages adds the stages of a window to its pipe; called once, now
   */
  public static <T, R> Supplier<TimedTransform<T, R>> ofTime(
      Duration length, Function<Pipe<T>, Pipe<R>> stages) {
    long nanos = TimedTransforms.positive(length, "the length of a window");
    List<Supplier<?>> all = transforms(Objects.requireNonNull(stages, "stages"));
    return (TimedTransforms.Ours<T, R>) () -> new Splitting.InTime<>(nanos, all);
  }

  private static <T, R> Supplier<Transform<T, R>> parts(
      Supplier<Splitting.Borders<T>> borders, Function<Pipe<T>, Pipe<R>> stages) {
    List<Supplier<?>> all = transforms(Objects.requireNonNull(stages, "stages"));
    Supplier<Transform<T, R>> parts = () -> new Splitting<>(borders.get(), all);
    return all.stream().anyMatch(Groups::holds) ? new Overlapping.Closing<>(parts) : parts;
  }

  /** Whether the stage is one of this library that holds elements, so that groups overlap. */
  private static boolean holds(Supplier<?> stage) {
    if (stage instanceof Overlapping) {
      return true;
    }
    return stage instanceof Transforms.Ours<?, ?> ours
        && !(ours.get() instanceof Transform.Stateless<?, ?>);
  }

  private static <T, R> List<Supplier<?>> transforms(Function<Pipe<T>, Pipe<R>> stages) {
    var lane = new Node.Lane<T>("group");
    Pipe<R> built = Objects.requireNonNull(stages.apply(new Pipe<>(lane)), "the stages are null");
    List<Supplier<?>> transforms = new ArrayList<>();
    @Nullable Node<?> node = built.node;
    while (node instanceof Node.Sequential<?, ?> sequential) {
      transforms.addFirst(sequential.transform());
      node = sequential.input();
    }
    if (node != lane) {
      throw new IllegalArgumentException(
          "stage '%s' of a group is not sequential, or does not follow the group's pipe: put parallel and timed stages before or after the groups"
              .formatted(node.name()));
    }
    return List.copyOf(transforms);
  }
}
