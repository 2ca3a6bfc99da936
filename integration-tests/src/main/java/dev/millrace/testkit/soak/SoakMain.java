package dev.millrace.testkit.soak;

/**
 * The process of a soak: prints a row of figures, or the violation and the command that repeats it.
 */
final class SoakMain {

  private SoakMain() {}

  /** The arguments are described at {@link SoakSettings#arguments}. */
  public static void main(String[] arguments) {
    SoakSettings settings = SoakSettings.parse(arguments);
    try {
      System.out.println(new Soak(settings).run());
      System.out.flush();
      Runtime.getRuntime().halt(0); // a remaining thread must not keep the process alive
    } catch (Throwable e) {
      System.out.printf(
          "the soak with seed %d has failed on %s; again: -Dsoak.seed=%d%n",
          settings.seed(), settings.engine(), settings.seed());
      e.printStackTrace(System.out);
      System.out.flush();
      Runtime.getRuntime().halt(1);
    }
  }
}
