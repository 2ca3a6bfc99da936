package dev.millrace.stages.internal.fusion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Mappings;
import dev.millrace.pipeline.StageFunction;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Classes are defined once for a place in a kind of chain, and not for ever. */
class TwinsTest {

  private static final Call PLAIN = new MapCall();

  private final Twins twins = new Twins(Twins::again, 100);
  private final Twin end = twins.end(TwinsTest.class);

  private static Call fresh(@Nullable Twin twin) {
    return (Call) Objects.requireNonNull(twin).fresh();
  }

  @Test
  void twinIsAnotherClassWithTheSameCode() {
    Call call = fresh(end.before(PLAIN, String.class, true));
    assertThat(call.getClass()).isNotEqualTo(MapCall.class);
    assertThat(call.getClass().isHidden()).isTrue();
    assertThat(call.takes("a")).isTrue();
    StageFunction<Object, Object> function = element -> element;
    assertThat(call.of(new Mappings.Map<>(function))).isEqualTo(function.getClass());
  }

  @Test
  void samePlaceInAnotherRunHasTheSameClass() {
    Twin twin = end.before(PLAIN, String.class, true);
    assertThat(end.before(PLAIN, String.class, true)).isSameAs(twin);
    assertThat(fresh(twin).getClass()).isEqualTo(fresh(twin).getClass());
    assertThat(twins.count()).isEqualTo(1);
  }

  @Test
  void anotherFunctionOrTemplateOrNextStageHasAnotherClass() {
    Twin twin = Objects.requireNonNull(end.before(PLAIN, String.class, true));
    Twin otherFunction = end.before(PLAIN, Integer.class, true);
    Twin otherTemplate = end.before(new FilterCall(), String.class, true);
    Twin otherNext = twin.before(PLAIN, String.class, true);
    assertThat(fresh(twin).getClass())
        .isNotEqualTo(fresh(otherFunction).getClass())
        .isNotEqualTo(fresh(otherTemplate).getClass())
        .isNotEqualTo(fresh(otherNext).getClass());
    assertThat(twins.count()).isEqualTo(4);
  }

  @Test
  void lookDefinesNothing() {
    assertThat(end.before(PLAIN, String.class, false)).isNull();
    assertThat(twins.count()).isZero();
  }

  @Test
  void limitHolds() {
    var few = new Twins(Twins::again, 2);
    Twin last = few.end(TwinsTest.class);
    assertThat(last.before(PLAIN, String.class, true)).isNotNull();
    assertThat(last.before(PLAIN, Integer.class, true)).isNotNull();
    assertThat(last.before(PLAIN, Long.class, true)).isNull();
    assertThat(last.before(PLAIN, Integer.class, true)).isNotNull();
    assertThat(few.count()).isEqualTo(2);
  }

  @Test
  void whereClassesCannotBeDefinedNoneIsTriedAgain() {
    int[] tries = {0};
    var broken =
        new Twins(
            plain -> {
              tries[0]++;
              throw new UnsupportedOperationException("a native image");
            },
            100);
    assertThat(broken.end(TwinsTest.class).before(PLAIN, String.class, true)).isNull();
    assertThat(broken.end(TwinsTest.class).before(PLAIN, Integer.class, true)).isNull();
    assertThat(tries).containsExactly(1);
  }

  /** A class of a user. */
  static final class Function {}

  private static Class<?> functionOfAnotherLoader() throws ReflectiveOperationException {
    URL[] here = {Function.class.getProtectionDomain().getCodeSource().getLocation()};
    Class<?> other =
        new URLClassLoader(here, null).loadClass(Function.class.getName()); // closed by nobody
    assertThat(other).isNotEqualTo(Function.class);
    return other;
  }

  /** The class of the stage before the stage with the function of another loader. */
  private WeakReference<Class<?>> before() throws ReflectiveOperationException {
    Twin twin = Objects.requireNonNull(end.before(PLAIN, functionOfAnotherLoader(), true));
    return new WeakReference<>(fresh(twin.before(PLAIN, String.class, true)).getClass());
  }

  @Test
  void twinsGoWithTheClassLoaderOfTheFunction() throws ReflectiveOperationException {
    WeakReference<Class<?>> before = before();
    assertThat(twins.count()).isEqualTo(2);
    Awaitility.await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(twins.count()).isZero();
              assertThat(before.get()).isNull();
            });
  }

  @Test
  void roomOfUnloadedTwinsIsGivenAgain() throws ReflectiveOperationException {
    var one = new Twins(Twins::again, 1);
    Twin last = one.end(TwinsTest.class);
    assertThat(last.before(PLAIN, functionOfAnotherLoader(), true)).isNotNull();
    assertThat(last.before(PLAIN, String.class, true)).isNull();
    Awaitility.await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(last.before(PLAIN, String.class, true)).isNotNull();
            });
  }
}
