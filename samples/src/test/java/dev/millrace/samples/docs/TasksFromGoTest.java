package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.sync.WaitGroup;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide for Go programmers about tasks, run. */
@Timeout(30)
class TasksFromGoTest {

  private interface Handler {
    void handle(String message) throws Exception;
  }

  @Test
  void handlers() throws Exception {
    Queue<String> handled = new ConcurrentLinkedQueue<>();
    Queue<Throwable> logged = new ConcurrentLinkedQueue<>();
    List<Handler> handlers =
        List.of(
            message -> handled.add("index " + message),
            message -> {
              throw new IOException("disk full");
            },
            message -> handled.add("archive " + message));
    var message = "m1";
    // doc:begin
    var running = new WaitGroup(failure -> logged.add(failure)); // log.error("…", failure)
    for (Handler handler : handlers) {
      running.go(() -> handler.handle(message)); // wg.Add(1); go func() { defer wg.Done() … }
    }
    running.await(); // wg.Wait()
    // doc:end
    assertThat(handled).containsExactlyInAnyOrder("index m1", "archive m1");
    assertThat(logged)
        .singleElement()
        .satisfies(failure -> assertThat(failure).hasRootCauseMessage("disk full"))
        .satisfies(failure -> assertThat(failure.getCause().getStackTrace()).isNotEmpty());
  }
}
