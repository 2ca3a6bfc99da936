/** The life of a loop, the same for all faces. Not API. */
@NullMarked
package dev.millrace.kafka.internal.loop;

import org.jspecify.annotations.NullMarked;
