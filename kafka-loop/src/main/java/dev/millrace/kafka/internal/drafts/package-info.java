/** The drafts behind the public builders, for the faces. Not API. */
@NullMarked
package dev.millrace.kafka.internal.drafts;

import org.jspecify.annotations.NullMarked;
