/** A service on Reactor that reads lists of prices into a store. */
@NullMarked
package dev.millrace.samples.reactive;

import org.jspecify.annotations.NullMarked;
