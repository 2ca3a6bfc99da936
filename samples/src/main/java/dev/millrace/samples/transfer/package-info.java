/** Orders become invoices, exactly once, in several processes. */
@NullMarked
package dev.millrace.samples.transfer;

import org.jspecify.annotations.NullMarked;
