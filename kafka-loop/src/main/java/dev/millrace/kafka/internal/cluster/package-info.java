/** Questions to the cluster, and what is known of its topics. Not API. */
@NullMarked
package dev.millrace.kafka.internal.cluster;

import org.jspecify.annotations.NullMarked;
