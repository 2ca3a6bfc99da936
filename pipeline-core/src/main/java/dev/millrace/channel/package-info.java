/** Go-like channels over virtual threads, and a select over them. */
@NullMarked
package dev.millrace.channel;

import org.jspecify.annotations.NullMarked;
