package dev.millrace.kafka.channel;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * A deserializer of texts that blocks at texts that begin with "slow", however often its thread is
 * interrupted, and refuses those that end with "bad".
 */
public final class SlowDeserializer implements Deserializer<String> {

  /** The property that has the {@link Gate}. */
  public static final String GATE = "test.gate";

  /** What keeps slow texts waiting. Thread-safe. */
  public static final class Gate {
    private final CountDownLatch open = new CountDownLatch(1);
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    public void open() {
      open.countDown();
    }

    /** How many calls have come to it. */
    public int calls() {
      return waiting.get();
    }

    /** How many deserializers were closed. */
    public int closed() {
      return closed.get();
    }

    private void pass() {
      waiting.incrementAndGet();
      boolean passed = false;
      while (!passed) {
        try {
          open.await();
          passed = true;
        } catch (InterruptedException e) { // the worst of deserializers goes on
        }
      }
    }
  }

  private Gate gate = new Gate();

  @Override
  public void configure(Map<String, ?> properties, boolean isKey) {
    gate = (Gate) Objects.requireNonNull(properties.get(GATE));
  }

  @Override
  public String deserialize(String topic, byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    if (text.startsWith("slow")) {
      gate.pass();
    }
    if (text.endsWith("bad")) {
      throw new IllegalArgumentException("bad text");
    }
    return text;
  }

  @Override
  public void close() {
    gate.closed.incrementAndGet();
  }
}
