/** What runs of all engines have in common: how they end, and what becomes of failures. */
@NullMarked
package dev.millrace.stages.internal.run;

import org.jspecify.annotations.NullMarked;
