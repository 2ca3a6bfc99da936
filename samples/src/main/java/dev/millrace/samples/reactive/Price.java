package dev.millrace.samples.reactive;

import java.math.BigDecimal;
import java.util.List;

/** The price of an article. */
public record Price(String article, BigDecimal amount) {

  /**
   * Reads a line such as {@code A-17;12.50}.
   *
   * @throws IllegalArgumentException if the line is not a price
   */
  static Price parse(String line) {
    List<String> parts = List.of(line.split(";", -1));
    try {
      return new Price(parts.get(0), new BigDecimal(parts.get(1)));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new IllegalArgumentException("not a price: " + line, e);
    }
  }
}
