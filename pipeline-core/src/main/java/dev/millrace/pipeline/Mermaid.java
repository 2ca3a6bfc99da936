package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Node;
import java.util.IdentityHashMap;
import java.util.function.Function;

/** Draws graphs in Mermaid's language. */
final class Mermaid {

  private final StringBuilder text = new StringBuilder("flowchart LR\n");
  private final IdentityHashMap<Node<?>, String> ids = new IdentityHashMap<>();
  private final Function<Node<?>, String> label;

  private Mermaid(Function<Node<?>, String> label) {
    this.label = label;
  }

  static String draw(Node<?> last) {
    return draw(last, Node::name);
  }

  static String draw(Node<?> last, Function<Node<?>, String> label) {
    var mermaid = new Mermaid(label);
    String id = mermaid.add(last);
    mermaid.text.append("  ").append(id).append(" --> sink((sink))\n");
    return mermaid.text.toString();
  }

  private String add(Node<?> node) {
    String known = ids.get(node);
    if (known != null) {
      return known;
    }
    String id = "n" + ids.size();
    ids.put(node, id);
    text.append("  %s[\"%s\"]\n".formatted(id, label.apply(node).replace("\"", "#quot;")));
    for (Node<?> input : node.inputs()) {
      arrow(add(input), id, "");
    }
    if (node instanceof Node.FanOut<?, ?> out) {
      addBranches(out, id);
    }
    return id;
  }

  private void addBranches(Node.FanOut<?, ?> out, String id) {
    IdentityHashMap<Node.Branch<?, ?>, Integer> copies = new IdentityHashMap<>();
    out.branches().forEach(branch -> copies.merge(branch, 1, Integer::sum));
    copies.forEach(
        (branch, n) -> {
          String lane = add(branch.lane());
          arrow(id, lane, n == 1 ? "" : "|" + n + " copies|");
          add(branch.output());
        });
  }

  private void arrow(String from, String to, String label) {
    text.append("  %s -->%s %s\n".formatted(from, label, to));
  }
}
