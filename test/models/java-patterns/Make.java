// Writes cases.json, what Java finds, splits and lower-cases: java test/models/java-patterns/Make.java
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class Make {
  static final String[] TEXTS = {
    "", " ", "a", " a  b ", "Good case; Excellent value.", "it's well-known, isn't it?", "a,b;c\td\n", "a\r\nb\rc\n\n",
    "x1 22 a_b 3.5e-7", "caf\u00e9 na\u00efve \u00dcber", "\u03b1\u03b2\u03b3 \u0391\u0392", "\u4e2d\u6587 text", "a\u00a0b\u3000c\u2028d\u0085e",
    "\u0663\u0664 \u00bd", "\ud83d\udc4d ok \ud835\udd18", "[x](y){z}^$.|?*+\\", "aaa bbb aab", "\u000b\u001c\f", "e\u0301a", "tail  ",
  };

  static final String[] PATTERNS = {
    "\\s", "\\s+", "\\W", "\\W+", "\\w+", "\\w{2,}", "\\d+", "\\D+", "\\S+", "[^a-zA-Z]+", "[a-z]+?", ".", ".+", "\\p{L}+", "\\P{L}+",
    "\\pN", "[\\p{L}\\p{Nd}]+", "[^\\p{L}\\s]", "\\p{Punct}", "[\\p{Punct}\\s]+", "\\p{Alpha}+", "\\p{IsLu}", "[^\\W\\d_]+", "\\h", "\\v+", "\\H+",
    ",|;|\\s", "(a)(b)?", "(?:a|b)+c?", "[,;.!?]\\s*", "a$", "^a", "\\n$", "b(?=a)|b$", "(?<=a)b", "(?<!\\w)\\w", "[\\-_.]", "[]x]", "[a\\]b]+",
    "\\Aa", "[a-c&x]", "\\x61|\\u0062", "\\.", "[.]", "[\\u4e00-\\u9fff]", "a{2}", "a{2,}?", "[^\\x00-\\x7f]", "\\t", "\\}|\\]", "\\p{Sc}|\\p{So}",
  };

  /** Capital sigmas, and other letters whose lower case depends on others or is longer. */
  static final String[] CASES = {
    "\u039f\u0394\u039f\u03a3", "\u039f\u0394\u039f\u03a3 \u0391", "\u03a3", "\u03a3\u03a3", "\u03a3\u0391\u03a3, \u0391\u03a3.", "(\u0391\u03a3)", "\u0391\u03a31", "\u0391\u03a31\u0391",
    "\u0391\u03a3-\u0391", "\u0391\u03a3.\u0391", "\u0391\u03a3'\u0391", "1\u03a3", "\u0391\u0301\u03a3", "\u0130I", "\u1e9e", "\u2126", "\u01c4", "A\u03a3\u00ad", "\u0391:\u03a3", "\u0391_\u03a3",
  };

  public static void main(String[] arguments) throws Exception {
    List<String> cases = new ArrayList<>();
    for (String pattern : PATTERNS) {
      List<String> splits = new ArrayList<>(), finds = new ArrayList<>();
      for (String text : TEXTS) {
        splits.add(list(Arrays.asList(Pattern.compile(pattern).split(text))));
        List<String> found = new ArrayList<>();
        for (Matcher matcher = Pattern.compile(pattern).matcher(text); matcher.find();) found.add(matcher.group());
        finds.add(list(found));
      }
      cases.add("[" + quote(pattern) + ", [" + String.join(", ", splits) + "], [" + String.join(", ", finds) + "]]");
    }
    List<String> lower = new ArrayList<>();
    for (String text : CASES) lower.add(list(List.of(text, text.toLowerCase(Locale.ROOT))));
    String json = "{\n\"java\": " + quote(System.getProperty("java.version")) + ",\n\"texts\": " + list(Arrays.asList(TEXTS)) + ",\n\"lowercases\": [\n"
        + String.join(",\n", lower) + "\n],\n\"cases\": [\n" + String.join(",\n", cases) + "\n]\n}\n";
    Files.writeString(Path.of(arguments.length > 0 ? arguments[0] : "test/models/java-patterns/cases.json"), json);
  }

  static String list(List<String> texts) {
    return "[" + String.join(", ", texts.stream().map(Make::quote).toList()) + "]";
  }

  static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < 32 || c > 126) out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }
}
