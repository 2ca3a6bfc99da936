package dev.millrace.kafka.share;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The loop, as its member sees it. */
interface MemberOwner<K, V> {

  /** The loop's part of a partition. */
  Share share(TopicPartition partition);

  /** The workers that handle the records. */
  Workers<K, V> workers();

  /** Whether new records may be fetched. */
  boolean mayFetch();

  /** The topics to subscribe to. */
  List<String> topics();

  /** The longest time between two polls. */
  Duration maxPollInterval();

  /** Reports a failure that the member survives. */
  void report(Exception failure);

  /** The broker has answered acknowledgements. */
  void acknowledged(Duration took);

  /** The broker has refused acknowledgements. */
  void refused(Exception failure);

  /** The member has ended; with its failure, or null. */
  void ended(@Nullable Throwable failure);
}
