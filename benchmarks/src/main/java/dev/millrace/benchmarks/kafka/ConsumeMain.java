package dev.millrace.benchmarks.kafka;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * The main of the consuming process: prints on standard output when it is done, waits for a line,
 * and then prints its measurements.
 */
final class ConsumeMain {

  static final String DONE = "done";
  static final String VALUE = "value ";

  /** From this number of records on, the heap is recorded. */
  private static final int LONG = 1_000_000;

  private ConsumeMain() {}

  /** {@code args}: servers, topic, group, {@link Arms}, keys, records, work in ms, seconds. */
  public static void main(String[] args) throws Exception {
    var keys = Cell.Keys.valueOf(args[4]);
    var meter = new Meter(keys, Integer.parseInt(args[5]), Integer.parseInt(args[6]));
    var heap = new HeapProbe(Integer.parseInt(args[5]), meter::handled);
    Map<String, Object> more =
        keys == Cell.Keys.PACED
            ? Map.of(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, CommitProbe.class.getName())
            : Map.of();
    Arm arm = Arms.valueOf(args[3]).create();
    arm.start(new Arm.Job(args[0], args[1], args[2], more, meter));
    meter.await(Integer.parseInt(args[7]));
    System.out.println(DONE);
    while (System.in.read() != '\n') {}
    Map<String, Double> values = values(meter, keys);
    if (Integer.parseInt(args[5]) >= LONG) {
      heap.tell(values);
    }
    tell(values);
    System.out.flush();
    Runtime.getRuntime().halt(0); // the end of an arm is not measured, and takes a long time
  }

  private static Map<String, Double> values(Meter meter, Cell.Keys keys) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("handled", (double) meter.handled());
    values.put("perSecond", meter.perSecond());
    values.put("bytesPerRecord", meter.bytesPerRecord());
    values.put("firstRecordMillis", (double) meter.upAtFirst());
    values.put("threads", (double) Meter.peakThreads());
    if (keys == Cell.Keys.PACED) {
      values.put("p50", (double) meter.latency(50));
      values.put("p99", (double) meter.latency(99));
      values.put("p999", (double) meter.latency(99.9));
      values.put("max", (double) meter.latency(100));
      values.put("commitP99", (double) CommitProbe.delay(99));
      values.put("committedTooEarly", (double) CommitProbe.tooEarly());
    }
    return values;
  }

  private static void tell(Map<String, Double> values) {
    values.forEach((name, value) -> System.out.println(VALUE + name + " " + value));
  }
}
