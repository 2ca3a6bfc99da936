package dev.millrace.kafka.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonTest {

  @Test
  void everyKindOfValueIsWritten() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("list", Arrays.asList(1, -2.5, true, null, "x"));
    map.put("empty", List.of());
    map.put("none", Map.of());
    assertThat(Json.of(map))
        .isEqualTo("{\"list\":[1,-2.5,true,null,\"x\"],\"empty\":[],\"none\":{}}");
  }

  @Test
  void nothingInATextEndsAScriptOrATag() {
    assertThat(Json.of("</script><!-- & ' \u2028")).doesNotContain("<", ">", "&", "'", "\u2028");
  }

  @Property
  void everyTextComesBack(@ForAll String text) throws Exception {
    try (var parser = new JsonFactory().createParser(Json.of(text))) {
      parser.nextToken();
      assertThat(parser.getText()).isEqualTo(text);
      assertThat(parser.nextToken()).isNull();
    }
  }
}
