/** What the traced handlers of all faces have in common; not for applications. */
@NullMarked
package dev.millrace.kafka.tracing.internal;

import org.jspecify.annotations.NullMarked;
