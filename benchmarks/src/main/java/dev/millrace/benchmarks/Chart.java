package dev.millrace.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Charts as SVG: text, without a library. */
final class Chart {

  private static final int LEFT = 260;
  private static final int BAR = 460;
  private static final int LINE = 16;

  private Chart() {}

  /**
   * Horizontal bars, a group for each row. Each row has its own scale, because rows differ by
   * powers of ten.
   *
   * @param rows the values of each row by their labels
   */
  static String bars(String title, Map<String, Map<String, Double>> rows) {
    var body = new StringBuilder();
    int y = 2 * LINE;
    for (var row : rows.entrySet()) {
      y += LINE;
      body.append(text(4, y, "bold", row.getKey()));
      double most = row.getValue().values().stream().mapToDouble(v -> v).max().orElse(1);
      for (var cell : row.getValue().entrySet()) {
        y += LINE;
        double value = cell.getValue();
        body.append(text(20, y, "normal", cell.getKey()));
        body.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                LEFT,
                y - LINE + 5,
                most > 0 ? BAR * value / most : 0,
                LINE - 4,
                cell.getKey().toLowerCase(Locale.ROOT).contains("millrace")
                    ? "#1f77b4"
                    : "#aaaaaa"));
        body.append(text(LEFT + BAR + 8, y, "normal", number(value)));
      }
      y += LINE / 2;
    }
    return svg(title, y + LINE, body);
  }

  /**
   * The values over sizes, both in powers of ten.
   *
   * @param sizes the sizes, ascending
   * @param values the values for them
   */
  static String line(String title, List<Double> sizes, List<Double> values) {
    int height = 260;
    double fromX = Math.log10(sizes.getFirst());
    double overX = Math.max(1e-9, Math.log10(sizes.getLast()) - fromX);
    double fromY =
        Math.floor(Math.log10(values.stream().mapToDouble(v -> v).min().orElse(1) + 1e-3));
    double toY = Math.ceil(Math.log10(values.stream().mapToDouble(v -> v).max().orElse(1) + 1e-3));
    double overY = Math.max(1, toY - fromY);
    var body = new StringBuilder();
    var points = new StringBuilder();
    for (int i = 0; i < sizes.size(); i++) {
      double x = 60 + 600 * (Math.log10(sizes.get(i)) - fromX) / overX;
      double y = height - 40 - 180 * (Math.log10(values.get(i) + 1e-3) - fromY) / overY;
      points.append(String.format(Locale.ROOT, "%.0f,%.0f ", x, y));
      body.append(text((int) x - 14, height - 16, "normal", number(sizes.get(i))));
      body.append(text((int) x - 14, (int) y - 8, "normal", number(values.get(i))));
    }
    body.append(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"#1f77b4\" stroke-width=\"2\"/>%n"
            .formatted(points.toString().trim()));
    return svg(title, height, body);
  }

  private static String svg(String title, int height, StringBuilder body) {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"820\" height=\"%d\"".formatted(height)
        + " font-family=\"sans-serif\" font-size=\"12\">\n"
        + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        + text(4, LINE, "bold", title)
        + body
        + "</svg>\n";
  }

  private static String text(int x, int y, String weight, String text) {
    String safe = text.replace("&", "&amp;").replace("<", "&lt;");
    return "<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>%n".formatted(x, y, weight, safe);
  }

  static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%,.0f", value);
  }
}
