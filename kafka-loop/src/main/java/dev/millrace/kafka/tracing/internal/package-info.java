/** The code that the traced handlers of all faces share; not for applications. */
@NullMarked
package dev.millrace.kafka.tracing.internal;

import org.jspecify.annotations.NullMarked;
