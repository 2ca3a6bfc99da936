package dev.millrace.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Draws graphs in Mermaid's language. A fan-out becomes two nodes: a node with its name, which
 * spreads the elements, and a small node, where the branches join.
 */
final class Mermaid {

  private final StringBuilder text = new StringBuilder("flowchart LR\n");
  private final UnaryOperator<String> label;

  /** The arrow to each lane: the id of the fan-out's node and the text of the arrow. */
  private final IdentityHashMap<Node<?>, String> arrowsToLanes = new IdentityHashMap<>();

  private int ids;

  private Mermaid(UnaryOperator<String> label) {
    this.label = label;
  }

  /**
   * Draws the node, all nodes above it, and a sink below it.
   *
   * @param label maps the name of a stage to its text in the drawing
   */
  static String draw(Node<?> last, UnaryOperator<String> label) {
    var mermaid = new Mermaid(label);
    String id = mermaid.add(last);
    mermaid.line("sink((\"%s\"))".formatted(mermaid.quoted("sink")));
    mermaid.line(id + " --> sink");
    return mermaid.text.toString();
  }

  private void line(String line) {
    text.append("  ").append(line).append('\n');
  }

  private String quoted(String name) {
    return label.apply(name).replace("#", "#35;").replace("\"", "#quot;").replace("\n", "<br>");
  }

  /**
   * Draws a node and all nodes above it; returns the id of the drawn node that emits its elements.
   * Loops along single inputs instead of recursing, because there may be thousands of them.
   */
  private String add(Node<?> last) {
    Deque<Node<?>> line = new ArrayDeque<>();
    Node<?> head = last;
    while (head.inputs().size() == 1) {
      line.push(head);
      head = head.inputs().getFirst();
    }
    String id = add(head, head.inputs().stream().map(this::add).toList());
    for (Node<?> node : line) {
      id = add(node, List.of(id));
    }
    return id;
  }

  private String add(Node<?> node, List<String> inputs) {
    List<String> arrows = new ArrayList<>();
    for (String input : inputs) {
      arrows.add(input + " -->");
    }
    String toLane = arrowsToLanes.get(node);
    if (toLane != null) {
      arrows.add(toLane);
    }
    String id = "n" + ids++;
    line("%s[\"%s\"]".formatted(id, quoted(node.name())));
    arrows.forEach(arrow -> line(arrow + " " + id));
    return node instanceof Node.FanOut<?, ?> out ? addBranches(out, id) : id;
  }

  private String addBranches(Node.FanOut<?, ?> out, String spread) {
    IdentityHashMap<Node.Branch<?, ?>, Integer> copies = new IdentityHashMap<>();
    List<Node.Branch<?, ?>> inOrder = new ArrayList<>();
    for (Node.Branch<?, ?> branch : out.branches()) {
      if (copies.merge(branch, 1, Integer::sum) == 1) {
        inOrder.add(branch);
      }
    }
    List<String> ends = new ArrayList<>();
    for (Node.Branch<?, ?> branch : inOrder) {
      int n = copies.getOrDefault(branch, 1);
      arrowsToLanes.put(branch.lane(), spread + (n == 1 ? " -->" : " -->|" + n + " copies|"));
      ends.add(add(branch.output()));
    }
    String join = "n" + ids++;
    line(join + "(( ))");
    ends.forEach(end -> line(end + " --> " + join));
    return join;
  }
}
