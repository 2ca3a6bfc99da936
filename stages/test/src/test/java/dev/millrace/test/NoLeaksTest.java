package dev.millrace.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** The tests of {@link Leaky} leave something behind. The check must say what. */
class NoLeaksTest {

  private static volatile CountDownLatch end = new CountDownLatch(1);

  @BeforeEach
  void letThreadsHang() {
    end = new CountDownLatch(1);
  }

  @AfterEach
  void endThreads() {
    end.countDown();
  }

  private static void hang() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // no thread interrupts this one
    }
  }

  @NoLeaks(grace = 100, allow = "pool-of-.*")
  static class Leaky {
    @Test
    void platformThread() {
      Thread.ofPlatform().daemon().name("forgotten").start(NoLeaksTest::hang);
    }

    @Test
    void virtualThread() {
      Thread.ofVirtual().name("forgotten").start(NoLeaksTest::hang);
    }

    @Test
    void allowedThread() {
      Thread.ofPlatform().daemon().name("pool-of-a-library").start(NoLeaksTest::hang);
    }

    /** The JDK starts its pollers with the first socket that a virtual thread reads. */
    @Test
    void sharedPollers() throws Exception {
      try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        Thread client =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try (var socket =
                          new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
                        int _ = socket.getInputStream().read();
                      } catch (IOException e) {
                        throw new UncheckedIOException(e);
                      }
                    });
        server.accept().close();
        client.join();
      }
    }

    @Test
    void openRun() {
      var _ = Probe.on(Engine.channels()).start((Pipe<Integer> pipe) -> pipe.map("same", x -> x));
    }

    @Test
    void openResource(Leaks leaks) {
      var _ = leaks.resource("connection");
    }

    @Test
    void resourceClosedTwice(Leaks leaks) throws Exception {
      AutoCloseable resource = leaks.resource("connection");
      resource.close();
      resource.close();
    }

    @Test
    void nothing(Leaks leaks) throws Exception {
      Thread.ofVirtual().start(() -> {}).join();
      leaks.resource("connection").close();
    }

    @Test
    void failsItself() {
      Thread.ofVirtual().name("forgotten").start(NoLeaksTest::hang);
      throw new IllegalStateException("the test itself");
    }
  }

  static class OneMethod {
    @Test
    @NoLeaks(grace = 100)
    void leaks() {
      Thread.ofVirtual().name("forgotten").start(NoLeaksTest::hang);
    }
  }

  @ExtendWith(LeakCheck.class)
  static class WithoutAnnotation {
    @Test
    void test() {}
  }

  /** The exceptions of the tests that failed. */
  private static List<Throwable> failures(Class<?> type, String method) {
    Stream<Event> failed =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectMethod(type.getName() + "#" + method))
            .execute()
            .testEvents()
            .failed()
            .stream();
    return failed
        .map(event -> event.getRequiredPayload(TestExecutionResult.class))
        .map(result -> result.getThrowable().orElseThrow())
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "platformThread, still alive: thread 'forgotten'",
    "virtualThread, still alive: virtual thread 'forgotten'",
    "openRun, a run was not closed",
    "openRun, same: ",
    "openResource, resource 'connection' was not closed",
    "resourceClosedTwice, resource 'connection' was closed 2 times",
  })
  void leakFailsTheTestAndIsNamed(String method, String text) {
    String parameters = method.contains("esource") ? "(dev.millrace.test.Leaks)" : "";
    assertThat(failures(Leaky.class, method + parameters))
        .singleElement()
        .asString()
        .contains("the test leaves behind", text);
  }

  @Test
  void stackShowsWhereTheThreadIs() {
    assertThat(failures(Leaky.class, "virtualThread"))
        .singleElement()
        .asString()
        .contains("NoLeaksTest.hang");
  }

  @ParameterizedTest
  @ValueSource(strings = {"allowedThread", "sharedPollers", "nothing(dev.millrace.test.Leaks)"})
  void testThatLeavesNothingPasses(String method) {
    assertThat(failures(Leaky.class, method)).isEmpty();
  }

  @Test
  void failureOfTheTestComesFirst() {
    assertThat(failures(Leaky.class, "failsItself"))
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure).hasMessage("the test itself");
              assertThat(failure.getSuppressed()[0]).hasMessageContaining("forgotten");
            });
  }

  @Test
  void oneMethodCanBeChecked() {
    assertThat(failures(OneMethod.class, "leaks")).hasSize(1);
  }

  @Test
  void extensionWithoutTheAnnotationIsRefused() {
    assertThat(failures(WithoutAnnotation.class, "test"))
        .singleElement()
        .asString()
        .contains("use the annotation @NoLeaks");
  }

  @Test
  void dumpShowsTheSameThreads() {
    long first = LiveThreads.nextId();
    Thread platform = Thread.ofPlatform().daemon().name("seen one").start(NoLeaksTest::hang);
    Thread virtual = Thread.ofVirtual().name("seen two").start(NoLeaksTest::hang);
    for (List<LiveThread> all : List.of(LiveThreads.since(first), LiveThreads.dumped())) {
      assertThat(all)
          .filteredOn(one -> one.id() == platform.threadId())
          .singleElement()
          .matches(one -> one.name().equals("seen one") && !one.isVirtual());
      assertThat(all)
          .filteredOn(one -> one.id() == virtual.threadId())
          .singleElement()
          .matches(one -> one.name().equals("seen two") && one.isVirtual());
    }
  }
}
