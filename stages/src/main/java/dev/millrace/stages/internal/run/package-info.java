/** The run core of both engines: the end of runs, and the failure channel. */
@NullMarked
package dev.millrace.stages.internal.run;

import org.jspecify.annotations.NullMarked;
