/** The state machines that operators are made of, for authors of operators and of engines. */
@NullMarked
package dev.millrace.pipeline.transform;

import org.jspecify.annotations.NullMarked;
