package dev.millrace.service;

import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Several services that live together: if one ends or fails for good, all stop, in order.
 *
 * <pre>{@code
 * var services =
 *     Services.builder()
 *         .add("app", app)
 *         .add("debug", debug)
 *         .onEvent(event -> log.info("{}", event))
 *         .build();
 * System.exit(ServiceProcess.run(services, Duration.ofSeconds(20)).status());
 * }</pre>
 *
 * <p>Each service runs in a virtual thread and a context of its own. The services are started in
 * the order in which they were added, and stopped in the reverse order. The context of a service is
 * cancelled, and the next service is stopped when this one has ended. So a service may use the
 * services that were added before it until its last line, and its {@code finally} blocks run.
 * Services that are not stopped within {@link Builder#stopWithin} are cancelled and interrupted at
 * once. A service that ignores its interrupt for {@link Builder#leaveAfter} is left behind, and
 * reported.
 *
 * <p>A service that fails may be started again, see {@link RestartPolicy}. Services are a service
 * themselves: they can be added to others, as a tree of supervisors.
 *
 * <p>Immutable, and thread-safe: each {@link #run} is independent. It costs a thread per service.
 */
public final class Services implements Service {

  /** A service and its settings. */
  record Entry(String name, Service service, RestartPolicy restart) {}

  private final List<Entry> entries;
  private final Duration stopWithin;
  private final Duration leaveAfter;
  private final Consumer<? super ServiceEvent> onEvent;

  private Services(Builder builder) {
    this.entries = List.copyOf(builder.entries);
    this.stopWithin = builder.stopWithin;
    this.leaveAfter = builder.leaveAfter;
    this.onEvent = builder.onEvent;
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts the services, waits until the first one ends, fails for good, or {@code context} is
   * cancelled, and stops all. Blocks until they have ended, or are left behind. The services see
   * the values of the context, but neither its cancellation nor its deadline, so that they can be
   * stopped in order.
   *
   * @throws ExecutionException if a service has failed for good: the cause is what it threw; what
   *     others threw while they were stopped is suppressed, each with the name of its service. Also
   *     if a service was left behind
   * @throws InterruptedException if the thread is interrupted: the services are stopped then, in
   *     order and by the same deadlines. If a service has failed too, the failure is thrown, and
   *     the interrupt is kept
   */
  @Override
  public void run(Context context) throws InterruptedException, ExecutionException {
    new Supervision(entries, onEvent).run(context, stopWithin, leaveAfter);
  }

  /** Settings with defaults; not thread-safe. */
  public static final class Builder {

    private final List<Entry> entries = new ArrayList<>();
    private Duration stopWithin = Duration.ofSeconds(10);
    private Duration leaveAfter = Duration.ofSeconds(1);
    private Consumer<? super ServiceEvent> onEvent = event -> {};

    private Builder() {}

    /** Adds a service that is not started again when it fails. */
    public Builder add(String name, Service service) {
      return add(name, service, RestartPolicy.never());
    }

    /** Adds a service. */
    public Builder add(String name, Service service, RestartPolicy restart) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(service, "service");
      Objects.requireNonNull(restart, "restart");
      if (entries.stream().anyMatch(entry -> entry.name().equals(name))) {
        throw new IllegalArgumentException("there are two services with the name '" + name + "'");
      }
      entries.add(new Entry(name, service, restart));
      return this;
    }

    /**
     * How long the stop of all services may take, before the rest is interrupted. Default: 10
     * seconds.
     */
    public Builder stopWithin(Duration time) {
      stopWithin = notNegative(time);
      return this;
    }

    /** How long to wait for services that were interrupted. Default: 1 second. */
    public Builder leaveAfter(Duration time) {
      leaveAfter = notNegative(time);
      return this;
    }

    /**
     * Receives the events of the services. Called by several threads at once; it must not block.
     * Exceptions of the handler are ignored. Default: none.
     */
    public Builder onEvent(Consumer<? super ServiceEvent> handler) {
      onEvent = Objects.requireNonNull(handler, "handler");
      return this;
    }

    /**
     * The services.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Services build() {
      if (entries.isEmpty()) {
        throw new IllegalArgumentException("there are no services: add at least one");
      }
      return new Services(this);
    }

    private static Duration notNegative(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("the time must not be negative, but is " + time);
      }
      return time;
    }
  }
}
