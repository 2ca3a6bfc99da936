package dev.millrace.samples.orders;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line of the file of orders. Immutable. */
record Order(int id, String customer, String item, int quantity) {

  static final String HEADER = "id,customer,item,quantity";

  private static final Pattern LINE = Pattern.compile("(\\d{1,9}),(\\w+),(\\w+),(\\d{1,6})");

  static Order parse(String line) {
    Matcher fields = LINE.matcher(line);
    if (!fields.matches()) {
      throw new IllegalArgumentException("this is not " + HEADER + ": " + line);
    }
    return new Order(
        Integer.parseInt(fields.group(1)),
        fields.group(2),
        fields.group(3),
        Integer.parseInt(fields.group(4)));
  }

  String toCsv() {
    return "%d,%s,%s,%d".formatted(id, customer, item, quantity);
  }
}
