/** Files of dead letters, and the progress of their replay. Not API. */
@NullMarked
package dev.millrace.kafka.internal.letters;

import org.jspecify.annotations.NullMarked;
