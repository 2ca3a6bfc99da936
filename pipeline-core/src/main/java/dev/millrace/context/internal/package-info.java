/** What the modules of this library share of contexts, and no application sees. */
@NullMarked
package dev.millrace.context.internal;

import org.jspecify.annotations.NullMarked;
