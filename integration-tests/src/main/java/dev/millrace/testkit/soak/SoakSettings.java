package dev.millrace.testkit.soak;

import java.util.List;

/**
 * The settings of a soak.
 *
 * @param engine the name of the engine
 * @param seed the seed of the first run; each later run has the next number
 * @param millis the time in which new waves begin
 * @param atOnce the number of random pipelines of a wave, which all run at once
 * @param elements the approximate number of elements of a long pipeline
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
