package dev.millrace.testkit.soak;

import java.util.List;

/**
 * The settings of a soak.
 *
 * @param engine the name of the engine
 * @param seed that of the first run; each run that follows has the next one
 * @param millis for how long waves are begun
 * @param atOnce how many random pipelines a wave has, all of which run at once
 * @param elements how many a long pipeline has, about
 */
record SoakSettings(
    String engine, long seed, long millis, int atOnce, int elements, Defect defect) {

  static SoakSettings parse(String[] arguments) {
    return new SoakSettings(
        arguments[0],
        Long.parseLong(arguments[1]),
        Long.parseLong(arguments[2]),
        Integer.parseInt(arguments[3]),
        Integer.parseInt(arguments[4]),
        Defect.valueOf(arguments[5]));
  }

  List<String> arguments() {
    return List.of(
        engine,
        Long.toString(seed),
        Long.toString(millis),
        Integer.toString(atOnce),
        Integer.toString(elements),
        defect.name());
  }
}
