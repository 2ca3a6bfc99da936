package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedMethod;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;
import org.junit.platform.commons.util.ExceptionUtils;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The kit refuses engines that are broken: each of its detectors has been seen to speak. */
class BrokenEnginesTest {

  /** A test of the kit. */
  private record Check(Class<?> theme, String test) {
    private Method method() {
      return ReflectionSupport.findMethods(
              theme, each -> each.getName().equals(test), HierarchyTraversalMode.TOP_DOWN)
          .getFirst();
    }
  }

  private static Check check(Class<?> theme, String test) {
    return new Check(theme, test);
  }

  private static Map<Defect, Check> checks() {
    Map<Defect, Check> checks = new TreeMap<>();
    for (Defect defect : Defect.values()) {
      checks.put(defect, finds(defect));
    }
    return checks;
  }

  private static Check finds(Defect defect) {
    Class<?> operators = EngineConformance.Operators.class;
    Class<?> ends = EngineConformance.Ends.class;
    Class<?> failures = EngineConformance.Failures.class;
    Class<?> cancellations = EngineConformance.Cancellations.class;
    Class<?> drains = EngineConformance.Drains.class;
    Class<?> stubborn = EngineConformance.StubbornFunctions.class;
    Class<?> known = EngineConformance.KnownDefects.class;
    return switch (defect) {
      case LOSES_AN_ELEMENT -> check(operators, "fewElementsAreEnough");
      case DOUBLES_AN_ELEMENT -> check(operators, "operatorsWorkInLanes");
      case MISCOUNTS_DROPPED -> check(operators, "fewElementsAreEnough");
      case MISCOUNTS_RECEIVED -> check(ends, "sinksGiveTheirResults");
      case FORGETS_THE_ORDER -> check(operators, "orderIsKeptHoweverLongAnElementTakes");
      case FORGETS_THE_ORDER_AFTER_FAILURES -> check(operators, "orderIsKeptAroundAFailure");
      case FORGETS_THE_ORDER_OF_KEYS ->
          check(operators, "elementsOfOneKeyAreProcessedOneAfterTheOther");
      case RUNS_ONE_AT_A_TIME ->
          check(operators, "parallelFunctionsRunAtTheSameTimeAndNoMoreThanAllowed");
      case FORGETS_THE_TIME -> check(operators, "batchIsEmittedWhenItsTimeIsOver");
      case STOPS_NOTHING_BEFORE_A_TAKE ->
          check(operators, "takeEndsWithItsLastElementNotWithTheNextOne");
      case OPENS_ALL_INPUTS_AT_ONCE -> check(operators, "concatOpensALaterInputWhenItsTurnComes");
      case BUFFERS_WITHOUT_BOUND -> check(known, "sourceIsNotReadFarAhead");
      case LEAVES_SOURCES_OPEN, CLOSES_SOURCES_TWICE -> check(operators, "sourceIsReleasedOnce");
      case LEAVES_TRANSFORMS_OPEN ->
          check(EngineConformance.StageResources.class, "transformIsClosedWhileTheRunGoesOn");
      case CLOSES_TRANSFORMS_TWICE ->
          check(EngineConformance.StageResources.class, "transformIsClosedOnceAfterItsElements");
      case MISCOUNTS_LEFT_OVER ->
          check(EngineConformance.Reports.class, "elementsInNoWindowAreDropped");
      case INTERRUPTS_CLOSING -> check(cancellations, "closingIsNotInterrupted");
      case LEAKS_A_THREAD -> check(ends, "channelGetsTheElementsAndIsClosed");
      case ENDS_BEFORE_ITS_THREADS -> check(cancellations, "joinWaitsForFunctionsThatCleanUp");
      case IGNORES_CANCELLATION -> check(known, "mergeOfSilentInputsCanBeCancelled");
      case TAKES_INTERRUPTS_FOR_FAILURES -> check(operators, "takeStopsARunningFunctionBeforeIt");
      case SWALLOWS_ERRORS -> check(failures, "errorsAlwaysStopTheRun");
      case SWALLOWS_WHAT_IS_THROWN_WHILE_CANCELLING ->
          check(cancellations, "exceptionThrownWhileCancellingIsTold");
      case SWALLOWS_WHAT_THE_FUNCTION_THREW ->
          check(failures, "handlerThatThrowsStopsTheRunWithBothCauses");
      case LOSES_FAILURES -> check(failures, "failuresAreReportedAndTheOthersGoOn");
      case HANDLES_FAILURES_AT_THE_SAME_TIME, STALLS_AFTER_256_FAILURES ->
          check(failures, "failuresOfAllStagesComeToOneHandlerOneAfterTheOther");
      case CALLS_A_HANDLER_THAT_HAS_THROWN ->
          check(failures, "handlerThatHasThrownIsNotCalledAgain");
      case FORGETS_CONTEXT_VALUES ->
          check(EngineConformance.ContextValues.class, "functionsSeeTheValues");
      case DRAINS_BY_CANCELLING, DRAINS_NEVER -> check(drains, "nothingIsLeftOnTheWay");
      case WAITS_FOR_STUBBORN_FUNCTIONS, NAMES_NO_STUBBORN_FUNCTION ->
          check(stubborn, "sinkThatIgnoresAnInterruptIsNamed");
      case REPORTS_NOTHING_BEFORE_THE_END ->
          check(EngineConformance.Reports.class, "stagesAreReportedFromTheStart");
    };
  }

  /** Whether the kit has to wait in vain, to find it. */
  private static boolean isFoundByWaiting(Defect defect) {
    return switch (defect) {
      case RUNS_ONE_AT_A_TIME,
          FORGETS_THE_TIME,
          STOPS_NOTHING_BEFORE_A_TAKE,
          BUFFERS_WITHOUT_BOUND,
          LEAVES_TRANSFORMS_OPEN,
          LEAKS_A_THREAD,
          IGNORES_CANCELLATION,
          STALLS_AFTER_256_FAILURES,
          DRAINS_NEVER,
          WAITS_FOR_STUBBORN_FUNCTIONS ->
          true;
      default -> false;
    };
  }

  /** Each with its stack trace. */
  private static List<String> failures(Check check) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(
            selectNestedMethod(List.of(OnABrokenEngine.class), check.theme(), check.method()))
        .execute()
        .allEvents()
        .executions()
        .failed()
        .map(failed -> failed.getTerminationInfo().getExecutionResult())
        .map(result -> result.getThrowable().map(ExceptionUtils::readStackTrace).orElse("?"))
        .toList();
  }

  @TestFactory
  List<DynamicTest> defectsAreFound() {
    return checks().entrySet().stream()
        .map(
            each ->
                DynamicTest.dynamicTest(
                    each.getKey() + " by " + each.getValue().test(),
                    () -> isFound(each.getKey(), each.getValue())))
        .toList();
  }

  private static void isFound(Defect defect, Check check) {
    OnABrokenEngine.defects = EnumSet.of(defect);
    OnABrokenEngine.patience =
        isFoundByWaiting(defect) ? Duration.ofSeconds(1) : Duration.ofSeconds(30);
    assertThat(failures(check))
        .as(
            "failures of %s.%s on an engine that %s",
            check.theme().getSimpleName(), check.test(), defect)
        .isNotEmpty();
  }

  /** Otherwise the tests above would prove nothing. */
  @Test
  void noDefectIsFoundWhereThereIsNone() {
    OnABrokenEngine.defects = Set.of();
    OnABrokenEngine.patience = Duration.ofSeconds(30);
    assertThat(Arrays.stream(Defect.values()).map(BrokenEnginesTest::finds).distinct())
        .allSatisfy(check -> assertThat(failures(check)).as("%s", check).isEmpty());
  }
}
