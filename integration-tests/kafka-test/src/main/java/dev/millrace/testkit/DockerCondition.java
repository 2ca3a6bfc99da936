package dev.millrace.testkit;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The condition behind {@link RequiresDocker}. */
final class DockerCondition implements ExecutionCondition {

  private static final AtomicBoolean SAID = new AtomicBoolean();

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    PlaceChoice choice = PlaceChoice.ofThisJvm(); // fails if Docker is demanded and not available
    if (choice.place() == Place.DOCKER) {
      return ConditionEvaluationResult.enabled(choice.reason());
    }
    if (!SAID.getAndSet(true)) {
      System.out.println("Tests that need Docker are skipped: " + choice.reason());
    }
    return ConditionEvaluationResult.disabled(choice.reason());
  }
}
