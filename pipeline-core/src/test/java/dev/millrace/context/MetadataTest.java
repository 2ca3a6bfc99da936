package dev.millrace.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Metadata travels with contexts and across hops, and is never changed. */
class MetadataTest {

  @Test
  void childsAdditionIsNeverSeenByItsParent() {
    Context parent =
        Metadata.empty()
            .with("tenant", "acme")
            .with("role", "admin")
            .attachTo(Context.background());
    Context child = Metadata.of(parent).with("role", "owner").with("hop", "1").attachTo(parent);
    assertThat(Metadata.of(parent).values("role")).containsExactly("admin");
    assertThat(Metadata.of(parent).names()).containsExactly("tenant", "role");
    assertThat(Metadata.of(child).values("role")).containsExactly("admin", "owner");
    assertThat(Metadata.of(child).names()).containsExactly("tenant", "role", "hop");
    assertThat(Metadata.of(child).first("tenant")).isEqualTo("acme");
  }

  @Test
  void contextWithoutMetadataHasTheEmptyOne() {
    assertThat(Metadata.of(Context.background())).isSameAs(Metadata.empty());
    assertThat(Metadata.empty().first("x")).isNull();
    assertThat(Metadata.empty().values("x")).isEmpty();
  }

  @Test
  void changesMakeNewObjects() {
    Metadata one = Metadata.empty().with("a", "1");
    assertThat(one.replacing("a", "2").values("a")).containsExactly("2");
    assertThat(one.without("a")).isEqualTo(Metadata.empty());
    assertThat(one.without("b")).isSameAs(one);
    assertThat(one.values("a")).containsExactly("1");
    assertThat(one).hasToString("{a=[1]}").isEqualTo(Metadata.empty().with("a", "1"));
    assertThat(one.hashCode()).isEqualTo(Metadata.empty().with("a", "1").hashCode());
  }

  @Test
  void nobodyCanChangeWhatIsRead() {
    Metadata one = Metadata.empty().with("a", "1");
    assertThatThrownBy(() -> one.values("a").add("2"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> one.names().remove("a"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> one.only(List.of("a")).names().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void declaredNamesCrossAHopInOrderAndOthersDoNot() {
    Metadata sent =
        Metadata.empty()
            .with("role", "a")
            .with("secret", "x")
            .with("role", "b")
            .with("tenant", "t");
    List<String> declared = List.of("tenant", "role");
    Map<String, List<String>> wire = new HashMap<>();
    sent.only(declared)
        .forEach((name, value) -> wire.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
    wire.put("injected", List.of("by a stranger"));
    Metadata received = Metadata.extract(declared, name -> wire.getOrDefault(name, List.of()));
    assertThat(received).isEqualTo(sent.without("secret"));
    assertThat(received.values("role")).containsExactly("a", "b");
    assertThat(wire).doesNotContainKey("secret");
  }

  @Test
  @SuppressWarnings("NullAway") // against the rules: this is the point
  void badNamesAndValuesAreRefused() {
    assertThatThrownBy(() -> Metadata.empty().with(" ", "x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Metadata.empty().with("a", null))
        .isInstanceOf(NullPointerException.class);
  }
}
