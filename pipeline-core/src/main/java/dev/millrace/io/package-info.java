/** Files, directories and streams of bytes, for pipelines and services. */
@NullMarked
package dev.millrace.io;

import org.jspecify.annotations.NullMarked;
