/** Orders of a CSV file, priced over HTTP by an unreliable shop, and added up by customer. */
@NullMarked
package dev.millrace.samples.orders;

import org.jspecify.annotations.NullMarked;
