package dev.millrace.stress;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;

/**
 * Runs the canaries, each of which the harness must report as broken, and then the tests: {@code
 * StressRun REPORTS [-t PATTERN] [option of jcstress ...]}.
 */
public final class StressRun {

  private static final String CANARIES = "dev.millrace.stress.canary.";
  private static final String TESTS = "dev\\.millrace\\.stress\\.(?!canary)";

  private StressRun() {}

  /** Runs all; ends with an error if a canary was not caught or a test has failed. */
  public static void main(String... arguments) throws Exception {
    for (String canary : List.of("UnsynchronisedSlot", "UnsynchronisedFlags")) {
      boolean caught = false;
      try {
        run(
            "-t",
            CANARIES + canary,
            "-m",
            "sanity",
            "-sc",
            "false",
            "-r",
            arguments[0] + "/" + canary);
      } catch (AssertionError expected) {
        caught = true;
      }
      if (!caught) {
        throw new AssertionError("the harness did not see that " + canary + " is broken");
      }
      System.out.println("The canary " + canary + " was caught, as it must be.");
    }
    List<String> all = new ArrayList<>(List.of("-r", arguments[0] + "/tests"));
    all.addAll(List.of(arguments).subList(1, arguments.length));
    if (!all.contains("-t")) {
      all.addAll(List.of("-t", TESTS));
    }
    run(all.toArray(String[]::new));
  }

  private static void run(String... arguments) throws Exception {
    var options = new Options(arguments);
    if (options.parse()) {
      new JCStress(options).run();
    }
  }
}
