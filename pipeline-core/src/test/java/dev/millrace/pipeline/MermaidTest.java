package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.ledger.Ledger;
import java.util.List;
import org.junit.jupiter.api.Test;

class MermaidTest {

  private static Pipe<Integer> numbers(String name) {
    return Pipe.from(name, Source.of(List.of(1)));
  }

  @Test
  void drawsAChain() {
    assertThat(numbers("source").map("double", x -> 2 * x).to(Sink.count()).mermaid())
        .isEqualTo(
            """
            flowchart LR
              n0["source"]
              n1["double"]
              n0 --> n1
              sink(("sink"))
              n1 --> sink
            """);
  }

  @Test
  void drawsFanInAndFanOut() {
    var pipeline =
        numbers("left")
            .zip("zip", numbers("right"), Integer::sum)
            .<Integer>broadcast("all", List.of(lane -> lane.map("a", x -> x), lane -> lane))
            .balance("some", 3, lane -> lane.map("b", x -> x))
            .to(Sink.count());
    assertThat(pipeline.mermaid())
        .isEqualTo(
            """
            flowchart LR
              n0["left"]
              n1["right"]
              n2["zip"]
              n0 --> n2
              n1 --> n2
              n3["all"]
              n2 --> n3
              n4["all/1"]
              n3 --> n4
              n5["a"]
              n4 --> n5
              n6["all/2"]
              n3 --> n6
              n7(( ))
              n5 --> n7
              n6 --> n7
              n8["some"]
              n7 --> n8
              n9["some/lane"]
              n8 -->|3 copies| n9
              n10["b"]
              n9 --> n10
              n11(( ))
              n10 --> n11
              sink(("sink"))
              n11 --> sink
            """);
  }

  @Test
  void isTheSameEachTime() {
    List<String> drawings =
        java.util.stream.IntStream.range(0, 20)
            .mapToObj(
                i ->
                    numbers("s")
                        .<Integer>broadcast(
                            "b",
                            List.of(
                                lane -> lane.map("1", x -> x),
                                lane -> lane.map("2", x -> x),
                                lane -> lane.map("3", x -> x)))
                        .to(Sink.count())
                        .mermaid())
            .distinct()
            .toList();
    assertThat(drawings).hasSize(1);
  }

  @Test
  void namesCannotBreakTheDrawing() {
    assertThat(numbers("a \"b\" #1\nc").to(Sink.count()).mermaid())
        .contains("n0[\"a #quot;b#quot; #35;1<br>c\"]");
  }

  @Test
  void showsTheFiguresOfARun() {
    var ledger = new Ledger();
    var source = ledger.open("source");
    source.produced();
    source.produced();
    source.emitted();
    String drawing = numbers("source").to(Sink.count()).mermaid(ledger.report());
    assertThat(drawing)
        .contains("source<br>in 0, out 1, queued 1, failed 0")
        .contains("sink((\"sink\"))");
  }
}
