/** A consumer as a container runs it. */
@NullMarked
package dev.millrace.samples.deployed;

import org.jspecify.annotations.NullMarked;
