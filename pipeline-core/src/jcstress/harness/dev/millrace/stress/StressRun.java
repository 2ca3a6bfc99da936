package dev.millrace.stress;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;

/**
 * Runs the canaries, each of which the harness must report as broken, and then the tests: {@code
 * StressRun REPORTS [-t PATTERN] [option of jcstress ...]}.
 */
public final class StressRun {

  private static final String CANARIES = "dev.millrace.stress.canary.";
  private static final String TESTS = "dev\\.millrace\\.(?!stress\\.canary)";

  private static final long MILLIS_WITH_FEW_PROCESSORS = 2_000;

  private StressRun() {}

  /** Runs all; ends with an error if a canary was not caught or a test has failed. */
  public static void main(String... arguments) throws Exception {
    String reports = arguments[0];
    List<String> options = new ArrayList<>(List.of(arguments).subList(1, arguments.length));
    String tests = TESTS;
    int pattern = options.indexOf("-t");
    if (pattern >= 0) {
      options.remove(pattern);
      tests = options.remove(pattern);
    }
    for (String canary : List.of("UnsynchronisedSlot", "UnsynchronisedFlags")) {
      boolean caught = false;
      try {
        run(CANARIES + canary, reports + "/" + canary, options);
      } catch (AssertionError expected) {
        caught = true;
      }
      if (!caught) {
        throw new AssertionError("the harness did not see that " + canary + " is broken");
      }
      System.out.println("The canary " + canary + " was caught, as it must be.");
    }
    List<String> failed = SmallMachine.runAll(Pattern.compile(tests), MILLIS_WITH_FEW_PROCESSORS);
    if (!failed.isEmpty()) {
      throw new AssertionError("forbidden outcomes in " + failed);
    }
    run(tests, reports + "/tests", options);
  }

  private static void run(String tests, String reports, List<String> others) throws Exception {
    List<String> all = new ArrayList<>(List.of("-t", tests, "-r", reports));
    all.addAll(others);
    var options = new Options(all.toArray(String[]::new));
    if (options.parse()) {
      new JCStress(options).run();
    }
  }
}
