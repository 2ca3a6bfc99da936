package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Mapping;
import org.jspecify.annotations.Nullable;

/**
 * The mappings that call one function of the user. An engine knows them by their types, and may
 * call the function itself. Each is as thread-safe as its function.
 */
public final class Mappings {

  private Mappings() {}

  /** Replaces each element by the result of a function of the user. */
  public record Map<I, O>(StageFunction<? super I, ? extends O> function) implements Mapping<I, O> {
    @Override
    public O apply(I element) throws Exception {
      return Mapping.result(function.apply(element));
    }
  }

  /** Drops the elements for which a predicate of the user is false. */
  public record Filter<T>(StageFunction<? super T, Boolean> predicate) implements Mapping<T, T> {
    @Override
    public @Nullable T apply(T element) throws Exception {
      return Mapping.result(predicate.apply(element)) ? element : null;
    }
  }

  /** Shows each element to a consumer of the user, and passes it on. */
  public record Tee<T>(StageConsumer<? super T> consumer) implements Mapping<T, T> {
    @Override
    public T apply(T element) throws Exception {
      consumer.accept(element);
      return element;
    }
  }
}
