/** What the faces of the loop are made of; not exported. */
@NullMarked
package dev.millrace.kafka.internal;

import org.jspecify.annotations.NullMarked;
