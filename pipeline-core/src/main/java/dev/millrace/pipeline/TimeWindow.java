package dev.millrace.pipeline;

import java.time.Instant;
import java.util.List;

/**
 * The elements of a span of event time. Immutable, except for the list, which belongs to the stage
 * that gets it.
 *
 * @param start the first instant
 * @param end the first instant after the window
 * @param elements the elements, in the order in which they came; not empty
 * @param <T> the type of the elements
 */
public record TimeWindow<T>(Instant start, Instant end, List<T> elements) {}
