import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Judges the English of comments and documents.
 *
 * <pre>
 * java .ci/Prose.java sample [N] [SEED] [PATH…]   draws N sentences at random: 60 with seed 7
 * java .ci/Prose.java lint [PATH…]                lists the patterns of unclear sentences
 * </pre>
 *
 * <p>Sentences come from the comments of {@code src/main/java} and from Markdown. A path may be any
 * file or folder, tests too; without one, all of the working directory is read. {@code sample}
 * draws from sentences of 8 words or more. {@code lint} also reads the string literals of Java
 * files, because users see them as messages; its status is 1 if it has found anything. A pattern is
 * a hint: some of the sentences found are clear.
 */
final class Prose {

  private static final int WORDS_OF_A_SAMPLE = 8;
  private static final int WORDS_OF_A_LONG_SENTENCE = 35;

  /** A full stop may be inside of bold text, brackets or quotes. */
  private static final String END_OF_A_SENTENCE =
      "(?<=[.!?;]|[.!?](\\*\\*|\\)|\"))\\s+(?=[\\p{Lu}`\"'(\\[])";

  private static final Map<String, Pattern> PATTERNS = new LinkedHashMap<>();

  static {
    pattern("write 'cannot'", "\\bcan not\\b");
    pattern("'who' without a noun before it", "^who\\b(?!.*\\?)");
    pattern(
        "'who' without a noun before it",
        "\\b(for|of|to|by|with|from|than|and|or|but|if|when|as|know|knows|says?|tells?|asks?)"
            + " who\\b");
    pattern("'whoever': name the noun", "\\bwho(so)?ever\\b|\\bwhose ever\\b");
    pattern("'what' without a noun", "^what\\b(?!.*\\?)");
    pattern(
        "'what' without a noun",
        "\\b(for|of|to|by|with|from|than|and|or|but|as|after|before|like|on|in|gets?|takes?|keeps?|gives?)"
            + " what (?!for\\b|to do\\b|happen)");
    pattern("'those': name the noun", "\\bthose (that|who|which|of|in|with|it|they)\\b|^those\\b");
    pattern("riddle: 'so many', 'so long', 'so much'", "\\bso (many|long|much)\\b(?! as\\b)");
    pattern("riddle: 'is told of'", "\\b(is|are|was|were|be|been) told\\b|\\btells? of\\b");
    pattern(
        "riddle: 'as ever', 'as good as none'", "\\bas ever\\b|\\bas good as\\b|\\bas is never\\b");
    pattern("riddle: 'what has begun'", "\\bwhat (has|had) begun\\b");
    pattern("two 'which' in one sentence", "\\bwhich\\b.*\\bwhich\\b");
    pattern("name the party", "\\b(some|any|no|every)body\\b");
    pattern("a description that begins with 'that' has no noun", "(?-i:^that) (?!(is|was)\\b)");
    pattern("riddle: 'as many'", "(?<!times )\\bas (many|much)\\b(?!( \\w+){0,2} as\\b)");
    pattern("riddle: 'is said'", "\\b(is|are|was|were|be|been) said\\b|\\bwithout a word\\b");
    pattern("'comes again': redelivered, handled again", "\\b(comes?|came) again\\b");
    pattern("write 'thread-safe'", "\\bsafe for (use by )?many threads\\b");
    pattern("ordinal of 'how many'", "\\bhow.manieth\\b");
    pattern("fraction in words", "\\b\\w+teen(th)? twentieths?\\b|\\btwentieths\\b");
  }

  private static void pattern(String name, String regex) {
    Pattern more = Pattern.compile(regex, Pattern.CASE_INSENSITIVE);
    PATTERNS.merge(name, more, (a, b) -> Pattern.compile(a.pattern() + "|" + b.pattern(), 2));
  }

  private record Sentence(Path file, int line, String text) {
    int words() {
      return text.split("\\s+").length;
    }

    @Override
    public String toString() {
      return file + ":" + line + ": " + text;
    }
  }

  private Prose() {}

  public static void main(String[] args) throws IOException {
    String command = args.length == 0 ? "" : args[0];
    int next = 1;
    switch (command) {
      case "sample" -> {
        int count = isNumber(args, next) ? Integer.parseInt(args[next++]) : 60;
        long seed = isNumber(args, next) ? Long.parseLong(args[next++]) : 7;
        sample(count, seed, sentences(args, next, false));
      }
      case "lint" -> lint(sentences(args, next, true));
      default -> {
        System.err.println(
            "usage: java .ci/Prose.java sample [N] [SEED] [PATH…]\n"
                + "       java .ci/Prose.java lint [PATH…]");
        System.exit(2);
      }
    }
  }

  private static boolean isNumber(String[] args, int index) {
    return index < args.length && args[index].matches("\\d+");
  }

  private static void sample(int count, long seed, List<Sentence> all) {
    List<Sentence> drawn = new ArrayList<>(all);
    drawn.removeIf(each -> each.words() < WORDS_OF_A_SAMPLE);
    Collections.shuffle(drawn, new Random(seed));
    drawn.stream().limit(count).forEach(System.out::println);
    System.out.printf(
        "%d of %d sentences, seed %d%n", Math.min(count, drawn.size()), drawn.size(), seed);
  }

  private static void lint(List<Sentence> all) {
    Map<String, Integer> counts = new TreeMap<>();
    for (Sentence each : all) {
      for (Map.Entry<String, Pattern> pattern : PATTERNS.entrySet()) {
        if (pattern.getValue().matcher(each.text()).find()) {
          report(each, pattern.getKey(), counts);
        }
      }
      if (each.words() > WORDS_OF_A_LONG_SENTENCE) {
        report(each, "more than " + WORDS_OF_A_LONG_SENTENCE + " words", counts);
      }
    }
    counts.forEach((name, count) -> System.out.printf("%5d  %s%n", count, name));
    System.out.printf("%5d  sentences%n", all.size());
    System.exit(counts.isEmpty() ? 0 : 1);
  }

  private static void report(Sentence sentence, String name, Map<String, Integer> counts) {
    System.out.printf("%s:%d: [%s] %s%n", sentence.file(), sentence.line(), name, sentence.text());
    counts.merge(name, 1, Integer::sum);
  }

  // Files

  private static List<Sentence> sentences(String[] args, int from, boolean literals)
      throws IOException {
    List<Sentence> all = new ArrayList<>();
    if (from == args.length) {
      for (Path file : files(Path.of(""))) {
        if (!file.toString().endsWith(".java") || file.toString().contains("src/main/java")) {
          read(file, literals, all);
        }
      }
    }
    for (int i = from; i < args.length; i++) {
      for (Path file : files(Path.of(args[i]))) {
        read(file, literals, all);
      }
    }
    return all;
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(java|md)"))
          .filter(file -> !("/" + file).matches(".*/(target|node_modules)/.*"))
          .sorted(Comparator.comparing(Path::toString))
          .toList();
    }
  }

  private static void read(Path file, boolean literals, List<Sentence> into) throws IOException {
    String text = Files.readString(file);
    var blocks = file.toString().endsWith(".md") ? markdown(text) : java(text, literals);
    for (Block block : blocks) {
      for (String sentence : block.text().split(END_OF_A_SENTENCE)) {
        String plain = sentence.replaceAll("\\s+", " ").strip();
        if (plain.matches(".*\\p{L}.*")) {
          into.add(new Sentence(file, block.line(), plain));
        }
      }
    }
  }

  /** A paragraph, a list's item, a cell of a table, a comment or a tag in it, or a literal. */
  private record Block(int line, String text) {}

  private static List<Block> markdown(String text) {
    List<Block> blocks = new ArrayList<>();
    String[] lines = text.split("\n", -1);
    var paragraph = new StringBuilder();
    int start = 0;
    boolean code = false;
    for (int i = 0; i <= lines.length; i++) {
      String line = i < lines.length ? lines[i].strip() : "";
      boolean fence = line.startsWith("```");
      boolean alone =
          line.isEmpty() || line.startsWith("#") || line.startsWith("|") || fence || code;
      if (alone || line.matches("([-*]|\\d+\\.) .*")) {
        blocks.add(new Block(start + 1, paragraph.toString()));
        paragraph.setLength(0);
      }
      if (fence) {
        code = !code;
      } else if (!code && line.startsWith("|")) {
        for (String cell : line.split("\\|")) {
          blocks.add(new Block(i + 1, cell.strip()));
        }
      } else if (!alone) {
        if (paragraph.length() == 0) {
          start = i;
        }
        paragraph.append(line.replaceAll("^([-*]|\\d+\\.) ", "")).append(' ');
      }
    }
    return blocks;
  }

  /** Finds comments and literals; a comment inside a literal is none, and the reverse. */
  private static final Pattern TOKENS =
      Pattern.compile(
          "/\\*.*?\\*/|(?://[^\n"
              + "]*\n"
              + "\\s*)+|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n"
              + "])*\"|'(?:\\\\.|[^'\\\\\n"
              + "])+'",
          Pattern.DOTALL);

  private static List<Block> java(String text, boolean literals) {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = TOKENS.matcher(text);
    int line = 1;
    int counted = 0;
    while (matcher.find()) {
      line += (int) text.substring(counted, matcher.start()).chars().filter(c -> c == '\n').count();
      counted = matcher.start();
      String token = matcher.group();
      if (token.startsWith("/")) {
        comment(line, token, blocks);
      } else if (literals && token.startsWith("\"") && token.contains(" ")) {
        blocks.add(new Block(line, token.replace("\"", "").replace("\\n", " ")));
      }
    }
    return blocks;
  }

  private static void comment(int line, String comment, List<Block> into) {
    String plain =
        comment
            .replaceAll("(?s)<pre>.*?</pre>", "\n\u0000")
            .replaceAll("(?m)^\\s*(/\\*\\*?|\\*/|\\*(?!/)|//)", "")
            .replaceAll("\\*/\\s*$", "")
            .replaceAll("\\{@(?:code|literal|value)\\s+([^}]*)}", "$1")
            .replaceAll("\\{@link(?:plain)?\\s+(?:[\\w.#]*\\([^)]*\\)|[^}\\s]*)\\s+([^}]+)}", "$1")
            .replaceAll("\\{@link(?:plain)?\\s+#?([^}]*)}", "$1")
            .replaceAll("</?(p|li|ul|ol|h\\d|table|tr|td|th|dl|dd|dt)\\b[^>]*>", "\u0000")
            .replaceAll("(?m)^\\s*@(?:param|throws|exception)\\s+\\S+", "\u0000")
            .replaceAll("(?m)^\\s*@(?:see|since|author)\\b.*$", "\u0000")
            .replaceAll("(?m)^\\s*@return\\b", "\u0000")
            .replaceAll("<[^>\n]*>", "");
    int at = line;
    for (String part : plain.split("\u0000", -1)) {
      if (!part.isBlank() && !part.contains("doc:")) {
        int leading =
            (int)
                part.substring(0, part.indexOf(part.strip()))
                    .chars()
                    .filter(c -> c == '\n')
                    .count();
        into.add(new Block(at + leading, part.strip()));
      }
      at += (int) part.chars().filter(c -> c == '\n').count();
    }
  }
}
