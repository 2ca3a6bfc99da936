/**
 * A collector of events: a bounded queue behind HTTP, and a pool of workers that stores batches.
 */
@NullMarked
package dev.millrace.samples.collector;

import org.jspecify.annotations.NullMarked;
