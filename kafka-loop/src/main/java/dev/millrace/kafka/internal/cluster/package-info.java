/** Questions to the cluster, and the known facts about its topics. Not API. */
@NullMarked
package dev.millrace.kafka.internal.cluster;

import org.jspecify.annotations.NullMarked;
