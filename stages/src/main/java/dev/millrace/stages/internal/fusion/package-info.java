/** Adjacent mappings, run as one call; both engines use it. */
@NullMarked
package dev.millrace.stages.internal.fusion;

import org.jspecify.annotations.NullMarked;
