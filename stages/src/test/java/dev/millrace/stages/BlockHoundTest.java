package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The canary of BlockHound, which watches all tests of this module. */
class BlockHoundTest {

  @Test
  void blockingCallOnAThreadOfReactorIsCaught() {
    assertThatThrownBy(
            () ->
                Mono.fromCallable(
                        () -> {
                          Thread.sleep(1); // the canary
                          return "slept";
                        })
                    .subscribeOn(Schedulers.parallel())
                    .block())
        .hasRootCauseInstanceOf(BlockingOperationError.class);
  }
}
