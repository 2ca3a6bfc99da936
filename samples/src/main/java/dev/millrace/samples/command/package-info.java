/** The base of the commands of samples. */
@NullMarked
package dev.millrace.samples.command;

import org.jspecify.annotations.NullMarked;
