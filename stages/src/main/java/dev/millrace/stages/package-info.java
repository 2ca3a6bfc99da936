/** What stages share, whatever they run on. */
@NullMarked
package dev.millrace.stages;

import org.jspecify.annotations.NullMarked;
