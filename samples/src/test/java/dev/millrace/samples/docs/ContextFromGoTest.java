package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.Metadata;
import dev.millrace.kafka.ContextHeaders;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.sync.DetachedCalls;
import dev.millrace.sync.ScatterGather;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide for Go programmers about requests and their contexts, run. */
@Timeout(30)
class ContextFromGoTest {

  @Test
  void metadata() {
    // doc:begin
    Context ctx1 = Metadata.empty().with("k1", "v1").attachTo(Context.background());
    Context ctx2 = Metadata.of(ctx1).with("k2", "v2").attachTo(ctx1); // copy-on-write
    // doc:end
    assertThat(Metadata.of(ctx1).names()).containsExactly("k1");
    assertThat(Metadata.of(ctx2).names()).containsExactly("k1", "k2");
  }

  // doc:begin
  private static final ContextHeaders CALLER = ContextHeaders.declaring("tenant", "traceparent");

  /** Sets the headers of a record that is sent. */
  static void inject(Context context, Headers headers) {
    CALLER.inject(context, headers);
  }

  /** From the headers of a record that was received. */
  static CancellableContext extract(Context parent, Headers headers) {
    return CALLER.extract(parent, headers);
  }

  // doc:end

  @Test
  void metadataCrossesAHop() {
    Context sender =
        Metadata.empty()
            .with("tenant", "acme")
            .with("password", "secret")
            .attachTo(Context.background());
    Headers headers = new RecordHeaders();
    inject(sender, headers);
    headers.add("injected", new byte[0]);
    assertThat(headers.headers("password")).isEmpty();
    try (var receiver = extract(Context.background(), headers)) {
      assertThat(Metadata.of(receiver)).isEqualTo(Metadata.empty().with("tenant", "acme"));
    }
  }

  @Test
  void deadlineCrossesAHop() throws Exception {
    List<String> handled = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    var late = new ConsumerRecord<>("orders", 0, 0, "k", "late");
    try (var caller = Context.background().withTimeout(Duration.ZERO)) {
      CALLER.inject(caller, late.headers());
    }
    var inTime = new ConsumerRecord<>("orders", 0, 1, "k", "in time");
    try (var caller = Context.background().withTimeout(Duration.ofHours(1))) {
      CALLER.inject(caller, inTime.headers());
    }
    // doc:begin
    RecordHandler<String, String> handler =
        CALLER.skippingLate(
            record -> {
              Context context = Context.current(); // with the caller's deadline
              context.throwIfCancelled();
              handled.add(record.value());
            },
            record -> skipped.add(record.value())); // its caller has given up
    // doc:end
    handler.handle(late);
    handler.handle(inTime);
    assertThat(handled).containsExactly("in time");
    assertThat(skipped).containsExactly("late");
  }

  private static String slow(String answer) throws InterruptedException {
    new CountDownLatch(1).await();
    return answer;
  }

  @Test
  void partialResults() throws Exception {
    var query = "cats";
    Duration budget = Duration.ofSeconds(1);
    // doc:begin
    ScatterGather.Answers<String> answers =
        ScatterGather.within(
            Context.background(),
            budget, // one for all, such as 80 ms
            List.of(() -> "web: " + query, () -> "images: " + query, () -> slow("video")));
    List<String> results = answers.values(); // the answers that came in time
    // doc:end
    assertThat(results).containsExactly("web: cats", "images: cats");
    assertThat(answers.isComplete()).isFalse();
  }

  @Test
  void firstReplicaWins() throws Exception {
    // doc:begin
    String answer =
        ScatterGather.first(
            Context.background(), List.of(() -> slow("replica 1"), () -> "replica 2"));
    // doc:end
    assertThat(answer).isEqualTo("replica 2");
  }

  private final CountDownLatch wakeUp = new CountDownLatch(1);

  private String oldDriver() {
    while (wakeUp.getCount() > 0) {
      try {
        wakeUp.await();
      } catch (InterruptedException e) {
        // As some drivers do.
      }
    }
    return "late";
  }

  @Test
  void callWithATimeout() {
    // doc:begin
    DetachedCalls calls = DetachedCalls.atMost(200); // threads, running or left behind
    try (var context = Context.background().withTimeout(Duration.ofMillis(200))) {
      assertThatThrownBy(() -> calls.call(context, this::oldDriver)) // ignores its interrupt
          .isInstanceOf(CancellationException.class); // the caller is free all the same
    }
    List<DetachedCalls.LeftBehind> hanging = calls.leftBehind(); // where, and since when
    // doc:end
    assertThat(hanging)
        .singleElement()
        .satisfies(call -> assertThat(call.place().getStackTrace()).isNotEmpty());
    wakeUp.countDown();
    Awaitility.await().until(() -> calls.running() == 0);
  }

  @Test
  void panicOfTheCalleeReachesTheCaller() {
    var calls = DetachedCalls.atMost(200);
    // doc:begin
    assertThatThrownBy(
            () ->
                calls.call(
                    Context.background(),
                    () -> {
                      throw new AssertionError("panic"); // with the stack of the callee
                    }))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(AssertionError.class);
    // doc:end
  }
}
