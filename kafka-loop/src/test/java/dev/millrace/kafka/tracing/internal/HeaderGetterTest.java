package dev.millrace.kafka.tracing.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class HeaderGetterTest {

  @Test
  void headerThatIsTooLongIsAsGoodAsNone() {
    var headers = new RecordHeaders();
    headers.add("fits", new byte[8192]).add("long", new byte[8193]);
    assertThat(HeaderGetter.INSTANCE.get(headers, "fits")).hasSize(8192);
    assertThat(HeaderGetter.INSTANCE.get(headers, "long")).isNull();
    assertThat(HeaderGetter.INSTANCE.get(headers, "none")).isNull();
    assertThat(HeaderGetter.INSTANCE.keys(headers)).containsExactly("fits", "long");
  }
}
