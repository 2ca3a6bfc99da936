/** The code that the README shows. */
@NullMarked
package dev.millrace.samples.readme;

import org.jspecify.annotations.NullMarked;
