/** The loop over a share group: any member gets any record, and records are acknowledged singly. */
@NullMarked
package dev.millrace.kafka.share;

import org.jspecify.annotations.NullMarked;
