package dev.millrace.benchmarks;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import kotlin.ResultKt;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.intrinsics.IntrinsicsKt;
import kotlin.coroutines.jvm.internal.ContinuationImpl;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.CoroutineStart;
import kotlinx.coroutines.Dispatchers;
import kotlinx.coroutines.GlobalScope;
import kotlinx.coroutines.channels.Channel;
import kotlinx.coroutines.channels.ChannelKt;
import kotlinx.coroutines.selects.SelectImplementation;
import org.jspecify.annotations.Nullable;

/**
 * Kotlin's coroutines as the Kotlin compiler would write them: state machines on {@link
 * ContinuationImpl}, started on the default dispatcher.
 */
final class Coroutines {

  private static final Object SUSPENDED = IntrinsicsKt.getCOROUTINE_SUSPENDED();

  static Channel<Integer> channel(int capacity) {
    return ChannelKt.Channel(
        capacity,
        kotlinx.coroutines.channels.BufferOverflow.SUSPEND,
        (Integer element) -> Unit.INSTANCE);
  }

  /** A coroutine: runs its steps until it is done. */
  abstract static class Body {
    private final CountDownLatch done;

    Body(CountDownLatch done) {
      this.done = done;
    }

    /** Continues. {@code resumed} is the result of the suspended call; null at the start. */
    abstract @Nullable Object run(@Nullable Object resumed, Continuation<Object> self);

    final void start() {
      BuildersKt.launch(
          GlobalScope.INSTANCE,
          Dispatchers.getDefault(),
          CoroutineStart.DEFAULT,
          (scope, completion) -> new Machine(this, completion).invokeSuspend(Unit.INSTANCE));
    }
  }

  private static final class Machine extends ContinuationImpl {
    private static final long serialVersionUID = 1L;
    private final transient Body body;
    private boolean started;

    @SuppressWarnings("unchecked")
    Machine(Body body, Continuation<?> completion) {
      super((Continuation<Object>) completion);
      this.body = body;
    }

    @Override
    protected @Nullable Object invokeSuspend(Object result) {
      ResultKt.throwOnFailure(result);
      Object resumed = started ? result : null;
      started = true;
      Object outcome = body.run(resumed, this);
      if (outcome == SUSPENDED) {
        return SUSPENDED;
      }
      body.done.countDown();
      return Unit.INSTANCE;
    }
  }

  static Body sender(Channel<Integer> channel, int elements, CountDownLatch done) {
    return new Body(done) {
      private int sent;

      @Override
      @Nullable Object run(@Nullable Object resumed, Continuation<Object> self) {
        while (sent < elements) {
          Object result = channel.send(sent++ & 127, (Continuation<? super Unit>) self);
          if (result == SUSPENDED) {
            return SUSPENDED;
          }
        }
        return null;
      }
    };
  }

  static Body receiver(Channel<Integer> channel, int elements, CountDownLatch done) {
    return new Body(done) {
      private int received;

      @Override
      @Nullable Object run(@Nullable Object resumed, Continuation<Object> self) {
        while (received < elements) {
          received++;
          if (channel.receive((Continuation<? super Integer>) self) == SUSPENDED) {
            return SUSPENDED;
          }
        }
        return null;
      }
    };
  }

  static Body relay(Channel<Integer> from, Channel<Integer> to, int elements, CountDownLatch done) {
    return new Body(done) {
      private int relayed;
      private boolean sending;

      @Override
      @Nullable Object run(@Nullable Object resumed, Continuation<Object> self) {
        Object element = resumed;
        while (true) {
          if (sending) {
            sending = false;
            relayed++;
            element = null;
          }
          if (element == null) {
            if (relayed == elements) {
              return null;
            }
            element = from.receive((Continuation<? super Integer>) self);
            if (element == SUSPENDED) {
              return SUSPENDED;
            }
          }
          sending = true;
          if (to.send((Integer) element, (Continuation<? super Unit>) self) == SUSPENDED) {
            return SUSPENDED;
          }
        }
      }
    };
  }

  /** Sends each element to all of the channels, and closes them. */
  static void spread(List<Channel<Integer>> channels, int elements) {
    new Body(new CountDownLatch(1)) {
      private int sent;
      private int next;

      @Override
      @Nullable Object run(@Nullable Object resumed, Continuation<Object> self) {
        while (sent < elements) {
          Channel<Integer> channel = channels.get(next);
          Integer element = sent & 127;
          next++;
          if (next == channels.size()) {
            next = 0;
            sent++;
          }
          if (channel.send(element, (Continuation<? super Unit>) self) == SUSPENDED) {
            return SUSPENDED;
          }
        }
        channels.forEach(channel -> channel.close(null));
        return null;
      }
    }.start();
  }

  /** Receives from any of several channels. */
  static Body selector(List<Channel<Integer>> channels, int elements, CountDownLatch done) {
    return new Body(done) {
      private int received;

      @Override
      @Nullable Object run(@Nullable Object resumed, Continuation<Object> self) {
        while (received < elements) {
          received++;
          var select = new SelectImplementation<Object>(self.getContext());
          for (Channel<Integer> channel : channels) {
            select.invoke(channel.getOnReceive(), (element, block) -> element);
          }
          if (select.doSelect(self) == SUSPENDED) {
            return SUSPENDED;
          }
        }
        return null;
      }
    };
  }

  private Coroutines() {}
}
