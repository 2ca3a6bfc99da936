package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.stages.channel.Stages;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ChannelFaceTest extends FaceContract {

  @Override
  Face face() {
    return new ChannelFace();
  }

  @Test
  void causeOfAChannelFromElsewhereReachesTheCaller() {
    var cause = new IOException("elsewhere");
    Channel<Integer> broken = Channel.buffered(1);
    broken.close(cause);
    try (var group = TaskGroup.open(Context.background())) {
      var step = Stages.<Integer, Integer>step(group, "test", broken, 1, x -> x);
      assertThatThrownBy(() -> Stages.sink(group, step.values(), step.errors(), x -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasCause(cause);
    }
  }
}
