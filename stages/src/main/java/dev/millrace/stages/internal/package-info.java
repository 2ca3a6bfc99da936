/** What the faces share; not exported. */
@NullMarked
package dev.millrace.stages.internal;

import org.jspecify.annotations.NullMarked;
