/** What the packages of this module share, and nobody else sees. */
@NullMarked
package dev.millrace.channel.internal;

import org.jspecify.annotations.NullMarked;
