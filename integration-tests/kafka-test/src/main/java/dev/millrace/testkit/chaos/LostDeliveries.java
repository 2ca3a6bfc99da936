package dev.millrace.testkit.chaos;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ShareFetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.requests.ShareFetchResponse;

/**
 * The deliveries of share groups that the broker has counted, and whose records no client has got,
 * because the answer was lost. Thread-safe.
 */
final class LostDeliveries {

  private record Id(Uuid topic, int partition, long offset) {
    String name() {
      return partition + "@" + offset;
    }
  }

  /** The highest number of a lost delivery. */
  private final Map<Id, Integer> last = new ConcurrentHashMap<>();

  /**
   * Reads an answer that is lost.
   *
   * @param answer from its header on
   * @param version of the request
   */
  void add(ByteBuffer answer, short version) {
    ResponseHeader.parse(answer, ApiKeys.SHARE_FETCH.responseHeaderVersion(version));
    ShareFetchResponseData data =
        ShareFetchResponse.parse(new ByteBufferAccessor(answer), version).data();
    for (var topic : data.responses()) {
      for (var partition : topic.partitions()) {
        for (var range : partition.acquiredRecords()) {
          for (long offset = range.firstOffset(); offset <= range.lastOffset(); offset++) {
            last.merge(
                new Id(topic.topicId(), partition.partitionIndex(), offset),
                (int) range.deliveryCount(),
                Math::max);
          }
        }
      }
    }
  }

  /**
   * The records of a topic whose delivery with this number, or a later one, was lost.
   *
   * @return names as {@code partition@offset}
   */
  Set<String> of(Uuid topic, int delivery) {
    return last.entrySet().stream()
        .filter(one -> one.getKey().topic.equals(topic) && one.getValue() >= delivery)
        .map(one -> one.getKey().name())
        .collect(Collectors.toSet());
  }
}
