/** The worker pool of a parallel stage; both engines use it. */
@NullMarked
package dev.millrace.stages.internal.pool;

import org.jspecify.annotations.NullMarked;
