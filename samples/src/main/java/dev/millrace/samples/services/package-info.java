/** A process of several services: two HTTP servers, a table that is reloaded, an access log. */
@NullMarked
package dev.millrace.samples.services;

import org.jspecify.annotations.NullMarked;
