package dev.millrace.benchmarks.kafka;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Map;
import java.util.function.IntSupplier;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * The least memory in use after a garbage collection, for each tenth of a run. The least, because a
 * young collection leaves dead objects in the old generation.
 */
final class HeapProbe {

  private static final int PARTS = 10;

  private final long[] least = new long[PARTS];
  private final int records;
  private final IntSupplier handled;

  HeapProbe(int records, IntSupplier handled) {
    this.records = records;
    this.handled = handled;
    for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      ((NotificationEmitter) collector).addNotificationListener(this::collected, null, null);
    }
  }

  private synchronized void collected(Notification notification, Object nothing) {
    if (notification.getUserData() instanceof CompositeData data) {
      long used =
          GarbageCollectionNotificationInfo.from(data)
              .getGcInfo()
              .getMemoryUsageAfterGc()
              .values()
              .stream()
              .mapToLong(MemoryUsage::getUsed)
              .sum();
      int part = (int) Math.min(PARTS - 1, (long) PARTS * handled.getAsInt() / records);
      least[part] = least[part] == 0 ? used : Math.min(least[part], used);
    }
  }

  /** Adds the figures in megabytes, including memory outside of the heap (metaspace, code). */
  synchronized void tell(Map<String, Double> values) {
    for (int part = 0; part < PARTS; part++) {
      values.put("used" + part, least[part] / 1e6);
    }
  }
}
