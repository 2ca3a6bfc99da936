package dev.millrace.samples.verify;

import java.util.Locale;
import java.util.Map;

/** The table and the summary, as text of 80 columns or a little more. */
final class Report {

  private static final int GROUPS = 10;
  private static final int FAILURES = 20;

  private Report() {}

  static String of(Verification.Outcome run) {
    Tally tally = run.tally();
    var text = new StringBuilder();
    if (tally.groups() > 0) {
      table(text, tally);
    }
    failures(text, tally);
    summary(text, run);
    return text.toString();
  }

  private static void table(StringBuilder text, Tally tally) {
    line(text, "%n%-44s %9s %9s %11s", "largest groups", "artifacts", "entries", "size");
    for (Map.Entry<String, Tally.Group> entry : tally.largest(GROUPS)) {
      Tally.Group group = entry.getValue();
      line(
          text,
          "%-44s %,9d %,9d %11s",
          shorten(entry.getKey(), 44),
          group.artifacts,
          group.entries,
          size(group.bytes));
    }
    if (tally.groups() > GROUPS) {
      line(text, "… and %,d more", tally.groups() - GROUPS);
    }
  }

  private static void failures(StringBuilder text, Tally tally) {
    if (tally.failures().isEmpty()) {
      return;
    }
    line(text, "%nfailures");
    tally.failures().entrySet().stream()
        .limit(FAILURES)
        .forEach(entry -> line(text, "  %s%n    %s", entry.getKey(), entry.getValue()));
    if (tally.failures().size() > FAILURES) {
      line(text, "  … and %,d more", tally.failures().size() - FAILURES);
    }
  }

  private static void summary(StringBuilder text, Verification.Outcome run) {
    Tally tally = run.tally();
    double seconds = Math.max(0.001, run.time().toNanos() / 1e9);
    line(text, "%nsummary%s", run.interrupted() ? " (interrupted: what was sent until then)" : "");
    line(text, "  artifacts       %,d, %,d entries", run.sent(), tally.entries());
    line(text, "  bytes           %s", size(tally.bytes()));
    line(text, "  records/second  %,.0f over %.1f s", run.sent() / seconds, seconds);
    line(
        text,
        "  verified        %,d (%,d by SHA-1 and CRC, %,d by CRC)",
        tally.verified(),
        tally.withSha1(),
        tally.verified() - tally.withSha1());
    line(text, "  dead letters    %,d", tally.deadLettered());
    tally.reasons().forEach((reason, count) -> line(text, "    %,d × %s", count, reason.text()));
    line(
        text,
        "  balance         sent %,d = verified %,d + dead-lettered %,d%s: %s",
        run.sent(),
        tally.verified(),
        tally.deadLettered(),
        run.missing() == 0 ? "" : " + not handled " + run.missing(),
        run.balanced() ? "balanced" : "NOT BALANCED");
  }

  private static String shorten(String name, int length) {
    return name.length() <= length ? name : "…" + name.substring(name.length() - length + 1);
  }

  static String size(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double amount = bytes;
    String[] units = {"kB", "MB", "GB", "TB", "PB", "EB"};
    int unit = -1;
    while (amount >= 999.95 && unit < units.length - 1) {
      amount /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", amount, units[unit]);
  }

  @SuppressWarnings("AnnotateFormatMethod") // not worth a dependency
  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append(System.lineSeparator());
  }
}
