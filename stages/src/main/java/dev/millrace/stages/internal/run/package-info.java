/** The run core of both engines: how runs end, and what becomes of failures. */
@NullMarked
package dev.millrace.stages.internal.run;

import org.jspecify.annotations.NullMarked;
