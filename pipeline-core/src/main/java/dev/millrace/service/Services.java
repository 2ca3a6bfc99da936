package dev.millrace.service;

import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * A group of services: if one of them ends or fails for good, all of them stop, in order.
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
 * the order in which they were added. They are stopped in the reverse order, one after the other:
 * the context of a service is cancelled, and the next service is stopped when this one has ended.
 * So until it ends, a service may use all services that were added before it. After {@link
 * Builder#stopWithin}, all services that are left are cancelled and interrupted at once. A service
 * that ignores its interrupt for {@link Builder#leaveAfter} is left behind, and reported.
 *
 * <p>A failed service may be started again; see {@link RestartPolicy}. A {@code Services} is itself
 * a service: it can be added to another one, as in a tree of supervisors.
 *
 * <p>Immutable and thread-safe: each {@link #run} is independent. Cost: one virtual thread for each
 * service.
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

  /** A builder with the default settings. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts the services. Waits until one of them ends or fails for good, or {@code context} is
   * cancelled. Then it stops all services. Blocks until all services have ended or are left behind.
   * The services see the values of the context, but neither its cancellation nor its deadline, so
   * that they can be stopped in order.
   *
   * @throws ExecutionException if a service has failed for good, or was left behind. The cause is
   *     the exception of that service. Exceptions of other services are suppressed, each with the
   *     name of its service
   * @throws InterruptedException if the thread is interrupted; then the services are stopped, in
   *     order and with the same deadlines. If a service has failed too, the {@code
   *     ExecutionException} is thrown, and the interrupt flag is set
   */
  @Override
  public void run(Context context) throws InterruptedException, ExecutionException {
    new Supervision(entries, onEvent).run(context, stopWithin, leaveAfter);
  }

  /** Settings with defaults. Not thread-safe. */
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

    /**
     * Adds a service.
     *
     * @throws IllegalArgumentException if a service has this name already
     */
    public Builder add(String name, Service service, RestartPolicy restart) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(service, "service");
      Objects.requireNonNull(restart, "restart");
      if (entries.stream().anyMatch(entry -> entry.name().equals(name))) {
        throw new IllegalArgumentException(
            "two services are called '" + name + "': give each a name of its own");
      }
      entries.add(new Entry(name, service, restart));
      return this;
    }

    /**
     * The time in which all services together must stop, before the remaining ones are interrupted.
     * Default: 10 seconds.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder stopWithin(Duration time) {
      stopWithin = notNegative(time);
      return this;
    }

    /**
     * The time to wait for interrupted services, for all of them together. Default: 1 second.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder leaveAfter(Duration time) {
      leaveAfter = notNegative(time);
      return this;
    }

    /**
     * Receives the events of the services. It must be thread-safe, and must not block. Its {@link
     * RuntimeException}s are ignored. Default: none.
     */
    public Builder onEvent(Consumer<? super ServiceEvent> handler) {
      onEvent = Objects.requireNonNull(handler, "handler");
      return this;
    }

    /**
     * Builds the services.
     *
     * @throws IllegalArgumentException if no service was added
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
