/** The parts of a process: services that run until they are stopped, and their end. */
@NullMarked
package dev.millrace.service;

import org.jspecify.annotations.NullMarked;
