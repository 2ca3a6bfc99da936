/** What a process consists of: services that run until they are stopped, and their end. */
@NullMarked
package dev.millrace.service;

import org.jspecify.annotations.NullMarked;
