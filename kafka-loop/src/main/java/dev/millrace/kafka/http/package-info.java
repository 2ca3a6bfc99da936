/** Health, status and a live page of loops, over HTTP or as a function; needs only the JDK. */
@NullMarked
package dev.millrace.kafka.http;

import org.jspecify.annotations.NullMarked;
