package dev.millrace.kafka.share;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsResult;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;

/** A client that knows only the delivery limit of a group. */
final class LimitAdmin {

  private LimitAdmin() {}

  static Admin of(int limit) {
    return (Admin)
        Proxy.newProxyInstance(
            LimitAdmin.class.getClassLoader(),
            new Class<?>[] {Admin.class},
            (proxy, method, arguments) ->
                method.getName().equals("describeConfigs")
                    ? new Answer((List<?>) arguments[0], limit)
                    : null);
  }

  private static final class Answer extends DescribeConfigsResult {
    Answer(List<?> resources, int limit) {
      super(
          resources.stream()
              .collect(
                  Collectors.toMap(
                      ConfigResource.class::cast, one -> KafkaFuture.completedFuture(of(limit)))));
    }

    private static Config of(int limit) {
      return new Config(
          List.of(new ConfigEntry("share.delivery.count.limit", Integer.toString(limit))));
    }
  }
}
