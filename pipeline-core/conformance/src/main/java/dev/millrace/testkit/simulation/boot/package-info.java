/** The one class of the simulation that the JDK's own classes call; the boot loader loads it. */
@NullMarked
package dev.millrace.testkit.simulation.boot;

import org.jspecify.annotations.NullMarked;
