package dev.millrace.channel;

import dev.millrace.channel.internal.Inbox;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.Test;

/** The rules of Reactive Streams for subscribers (§2), while the elements are sent to a channel. */
@Test
public class SubscriberTckTest extends FlowSubscriberBlackboxVerification<Integer> {

  private final List<Thread> running = new ArrayList<>();

  /** Short waits: the kit waits this long to check that nothing happens. */
  public SubscriberTckTest() {
    super(new TestEnvironment(10_000, 50, 50));
  }

  /** No thread outlives its rule. */
  @AfterMethod
  public void endThreads() throws InterruptedException {
    for (Thread thread : running) {
      thread.interrupt();
      thread.join();
    }
    running.clear();
  }

  @Override
  public Flow.Subscriber<Integer> createFlowSubscriber() {
    var inbox = new Inbox<Integer>(4);
    Channel<Integer> out = Channel.conflated(); // takes all
    running.add(
        Thread.ofVirtual()
            .start(
                () -> {
                  try (inbox) {
                    inbox.open(() -> {});
                    for (Integer element; (element = inbox.next()) != null; ) {
                      out.send(element);
                    }
                  } catch (Exception e) {
                    // The rule is about this end.
                  }
                }));
    return inbox;
  }

  @Override
  public Integer createElement(int element) {
    return element;
  }
}
