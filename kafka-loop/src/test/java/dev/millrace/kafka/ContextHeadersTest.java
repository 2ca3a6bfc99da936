package dev.millrace.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.context.Metadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContextHeadersTest {

  private static final Instant NOW = Instant.parse("2027-01-01T12:00:00Z");
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Its clock stands at {@link #NOW}. */
  private final ContextHeaders headers =
      new ContextHeaders(List.of("tenant"), Duration.ZERO, () -> NOW);

  private final List<Object> handled = new ArrayList<>();
  private final List<Object> skipped = new ArrayList<>();

  private static ConsumerRecord<String, String> record(String value, @Nullable String deadline) {
    var record = new ConsumerRecord<>("orders", 0, 0, "k", value);
    if (deadline != null) {
      record.headers().add(ContextHeaders.DEADLINE, deadline.getBytes(UTF_8));
    }
    return record;
  }

  private static String in(Duration duration) {
    return Long.toString(NOW.plus(duration).toEpochMilli());
  }

  private RecordHandler<String, String> skipping() {
    return headers.skippingLate(
        record -> handled.add(record.value()), record -> skipped.add(record.value()));
  }

  @Test
  void deadlineAndDeclaredMetadataCrossTheHop() {
    Headers sent = new RecordHeaders();
    try (var deadline = Context.background().withTimeout(Duration.ofHours(1))) {
      Context caller =
          Metadata.empty().with("tenant", "acme").with("secret", "x").attachTo(deadline);
      headers.inject(caller, sent);
      assertThat(sent.headers("secret")).isEmpty();
      try (var received = headers.extract(Context.background(), sent)) {
        assertThat(received.deadline())
            .isEqualTo(Instant.ofEpochMilli(requireNonNull(deadline.deadline()).toEpochMilli()));
        assertThat(Metadata.of(received)).isEqualTo(Metadata.empty().with("tenant", "acme"));
      }
    }
  }

  @Test
  void forwardedRecordHasTheContextOfItsLastSender() {
    Headers forwarded = new RecordHeaders();
    forwarded.add("tenant", "old".getBytes(UTF_8));
    forwarded.add(ContextHeaders.DEADLINE, in(SECOND).getBytes(UTF_8));
    forwarded.add("other", "kept".getBytes(UTF_8));
    headers.inject(
        Metadata.empty().with("tenant", "new").attachTo(Context.background()), forwarded);
    assertThat(forwarded.lastHeader(ContextHeaders.DEADLINE)).isNull();
    assertThat(forwarded.headers("tenant")).hasSize(1);
    assertThat(forwarded.lastHeader("other").value()).isEqualTo("kept".getBytes(UTF_8));
  }

  @Test
  void lateRecordIsSkippedAndTold() throws Exception {
    var handler = skipping();
    handler.handle(record("late", in(SECOND.negated())));
    handler.handle(record("due now", in(Duration.ZERO)));
    handler.handle(record("in time", in(Duration.ofDays(36_500))));
    handler.handle(record("without", null));
    assertThat(handled).containsExactly("in time", "without");
    assertThat(skipped).containsExactly("late", "due now");
  }

  @Test
  void clocksMayDifferByTheTolerance() {
    var late = record("v", in(SECOND.negated())).headers();
    assertThat(headers.isLate(late)).isTrue();
    assertThat(headers.tolerating(SECOND).isLate(late)).isTrue(); // passed just now
    assertThat(headers.tolerating(SECOND.multipliedBy(2)).isLate(late)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "12.5", "99999999999999999999"})
  void deadlineThatIsNoNumberIsIgnored(String deadline) throws Exception {
    skipping().handle(record("v", deadline));
    assertThat(handled).containsExactly("v");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE})
  void extremeDeadlinesAreTakenAsTheyAre(long millis) throws Exception {
    skipping().handle(record("v", Long.toString(millis)));
    assertThat(handled.isEmpty()).isEqualTo(millis < 0);
  }

  @Test
  void handlerSeesTheDeadlineOfTheCaller() throws Exception {
    Instant deadline = Instant.now().plus(Duration.ofHours(1));
    ContextHeaders.declaring()
        .handler(
            (ConsumerRecord<String, String> record) -> handled.add(Context.current().deadline()))
        .handle(record("v", Long.toString(deadline.toEpochMilli())));
    assertThat(handled).containsExactly(Instant.ofEpochMilli(deadline.toEpochMilli()));
  }

  @Test
  void lateRecordThatIsHandledHasNoDeadline() throws Exception {
    var late = record("v", "1");
    late.headers().add("tenant", "acme".getBytes(UTF_8));
    headers
        .handler(
            (ConsumerRecord<String, String> record) -> {
              Context.current().throwIfCancelled();
              assertThat(Context.current().deadline()).isNull();
              handled.add(Metadata.of(Context.current()).values("tenant"));
            })
        .handle(late);
    assertThat(handled).containsExactly(List.of("acme"));
  }

  @Test
  void contextOfALateRecordIsCancelledByItsDeadline() {
    try (var context = headers.extract(Context.background(), record("v", "1").headers())) {
      assertThatThrownBy(context::throwIfCancelled)
          .isInstanceOf(CancellationException.class)
          .hasCauseInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void unusableNamesAndTolerancesAreRefused() {
    assertThatThrownBy(() -> ContextHeaders.declaring(" ")).hasMessageContaining("' '");
    assertThatThrownBy(() -> ContextHeaders.declaring(ContextHeaders.DEADLINE))
        .hasMessageContaining(ContextHeaders.DEADLINE);
    assertThatThrownBy(() -> headers.tolerating(SECOND.negated()))
        .hasMessageContaining("must not be negative");
  }
}
