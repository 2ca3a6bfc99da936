/** Classes that the packages of the library share. Not API. */
@NullMarked
package dev.millrace.channel.internal;

import org.jspecify.annotations.NullMarked;
