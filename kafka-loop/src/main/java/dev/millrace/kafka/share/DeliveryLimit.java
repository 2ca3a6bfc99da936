package dev.millrace.kafka.share;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;

/** Asks the cluster after how many deliveries it drops a record of a share group. */
final class DeliveryLimit {

  private DeliveryLimit() {}

  /**
   * The limit of the group, or of a broker; empty if neither has one. Blocks.
   *
   * @throws ExecutionException if the cluster refuses the answer, for example for missing rights
   * @throws TimeoutException if the cluster does not answer in time
   */
  static OptionalInt ask(Admin admin, String group, Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException {
    OptionalInt ofGroup =
        limit(admin, ConfigResource.Type.GROUP, group, "share.delivery.count.limit", timeout);
    if (ofGroup.isPresent()) {
      return ofGroup;
    }
    for (Node node : Time.get(admin.describeCluster().nodes(), timeout.toNanos())) {
      return limit(
          admin,
          ConfigResource.Type.BROKER,
          node.idString(),
          "group.share.delivery.count.limit",
          timeout);
    }
    return OptionalInt.empty();
  }

  private static OptionalInt limit(
      Admin admin, ConfigResource.Type type, String name, String setting, Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException {
    var resource = new ConfigResource(type, name);
    Config config =
        Objects.requireNonNull(
            Time.get(admin.describeConfigs(List.of(resource)).all(), timeout.toNanos())
                .get(resource));
    ConfigEntry entry = config.get(setting);
    return entry == null || entry.value() == null
        ? OptionalInt.empty()
        : OptionalInt.of(Integer.parseInt(entry.value()));
  }
}
