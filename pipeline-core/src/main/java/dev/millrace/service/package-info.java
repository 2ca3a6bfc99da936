/** Services of a process: they run until they are stopped, and stop in order. */
@NullMarked
package dev.millrace.service;

import org.jspecify.annotations.NullMarked;
