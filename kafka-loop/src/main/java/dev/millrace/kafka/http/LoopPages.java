package dev.millrace.kafka.http;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The answers of a {@link LoopEndpoint} as a function, to mount them in a server of the
 * application. For {@code com.sun.net.httpserver} there is {@link LoopHttpHandler}.
 *
 * <pre>{@code
 * var pages = LoopPages.builder().loop(loop::status).build();
 * Answer answer = pages.answer("GET", "/health/ready");
 * }</pre>
 *
 * <p>The application's server decides who may ask, and bounds connections and times. The answers
 * have no authentication, and show what {@link LoopEndpoint} says. The path is relative to the
 * place of the pages: below {@code /loops}, the path of {@code /loops/status} is {@code /status}.
 * The page itself must be at a path that ends with a slash, because it asks for {@code status} and
 * {@code history} beside it.
 *
 * <p>Thread-safe. No method blocks, if the given functions do not. A request costs as much as
 * {@code loop.status()}, and its text.
 */
public final class LoopPages {

  private final List<Supplier<LoopStatus>> loops;
  private final List<ShownRun> runs;
  private final @Nullable Supplier<String> metrics;
  private final StatusJson json;
  private final Response page = Page.load();
  private final History history = new History();

  private LoopPages(Builder builder) {
    this.loops = List.copyOf(builder.loops);
    this.runs = List.copyOf(builder.runs);
    if (loops.isEmpty() && runs.isEmpty()) {
      throw new IllegalArgumentException("nothing to show: call loop(…) or run(…)");
    }
    this.metrics = builder.metrics;
    this.json = new StatusJson(builder.hidesMessages);
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The answer to a request. Paths that do not exist have status 404, and methods other than GET
   * and HEAD status 405.
   *
   * @param method the method, such as {@code GET}
   * @param path the path below the place of the pages, without a query: {@code /}, {@code /status},
   *     …
   * @throws RuntimeException an exception of a given function; the server should answer with status
   *     500
   */
  public Answer answer(String method, String path) {
    Objects.requireNonNull(path, "path");
    return switch (method) {
      case "GET" -> answer(path).toAnswer(true);
      case "HEAD" -> answer(path).toAnswer(false);
      default -> Response.otherMethod().toAnswer(true);
    };
  }

  Response answer(String path) {
    return switch (path) {
      case "/" -> page;
      case "/health", "/health/live" -> health(Health::isAlive);
      case "/health/ready" -> health(Health::isReady);
      case "/health/started" -> health(Health::isStarted);
      case "/status" -> Response.json(json.status(Time.now(), status(), runs));
      case "/history" -> Response.json(history());
      case "/metrics" -> metrics();
      default -> Response.bare(404, "Not Found");
    };
  }

  /** The status of all loops, which is a sample for the history, too. */
  List<LoopStatus> status() {
    List<LoopStatus> all = loops.stream().map(Supplier::get).toList();
    history.add(Time.now(), all);
    return all;
  }

  private String history() {
    status();
    return history.json();
  }

  private Response health(Predicate<? super Health> isWell) {
    List<LoopStatus> status = status();
    String text = json.health(status);
    return status.stream().map(LoopStatus::health).allMatch(isWell)
        ? Response.json(text)
        : Response.unavailable(text);
  }

  private Response metrics() {
    Supplier<String> known = metrics;
    return known == null
        ? Response.bare(404, "Not Found")
        : Response.of(200, "OK", "text/plain; version=0.0.4; charset=utf-8", known.get());
  }

  /** The loops and runs to show, and the settings of the pages. Not thread-safe. */
  public static final class Builder {

    private final List<Supplier<LoopStatus>> loops = new ArrayList<>();
    private final List<ShownRun> runs = new ArrayList<>();
    private @Nullable Supplier<String> metrics;
    private boolean hidesMessages;

    private Builder() {}

    /** Adds a loop to show, such as {@code loop::status}. Call it once for each loop. */
    public Builder loop(Supplier<LoopStatus> status) {
      loops.add(Objects.requireNonNull(status, "status"));
      return this;
    }

    /**
     * Adds a pipeline to show: its graph, and the figures and the explanation of its latest run, on
     * any engine. The health does not count it. Default: none.
     *
     * @param name the name to show
     * @param pipeline the pipeline of the run
     * @param latest gives the run to show; null if the pipeline has not been started
     */
    public Builder run(
        String name, Pipeline<?> pipeline, Supplier<? extends @Nullable Run<?>> latest) {
      runs.add(new ShownRun(name, pipeline, latest));
      return this;
    }

    /** The answer of {@code /metrics}; see {@link LoopEndpoint.Builder#metrics}. Default: none. */
    public Builder metrics(Supplier<String> scrape) {
      metrics = Objects.requireNonNull(scrape, "scrape");
      return this;
    }

    /**
     * Shows no messages of exceptions; see {@link LoopEndpoint.Builder#hideMessages}. Default:
     * messages are shown.
     */
    public Builder hideMessages() {
      hidesMessages = true;
      return this;
    }

    /**
     * Builds the pages.
     *
     * @throws IllegalArgumentException if there is neither a loop nor a run
     */
    public LoopPages build() {
      return new LoopPages(this);
    }
  }
}
