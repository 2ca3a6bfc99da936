package dev.millrace.kafka.internal.settings;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/** The transactional ids that a cluster knows. */
final class KnownIds {

  private static final Duration TIMEOUT = Duration.ofSeconds(4);

  private KnownIds() {}

  /**
   * Whether the cluster knows the id. Blocks for some seconds at most.
   *
   * @throws KafkaException if the cluster does not answer, or refuses to
   */
  static boolean contain(String id, Function<Duration, Admin> admins) {
    try (Admin admin = admins.apply(TIMEOUT)) {
      try {
        Time.get(admin.describeTransactions(List.of(id)).description(id), TIMEOUT.toNanos());
        return true;
      } finally {
        admin.close(Duration.ZERO);
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TransactionalIdNotFoundException) {
        return false;
      }
      throw new KafkaException(
          "the cluster does not tell whether it knows the 'transactional.id' '%s'".formatted(id),
          e.getCause());
    } catch (java.util.concurrent.TimeoutException e) {
      throw new TimeoutException(
          "the cluster does not tell whether it knows the 'transactional.id' '%s'".formatted(id),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
  }
}
