package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Transform;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The transform itself as a resource: all elements that it emits descend from it. Empty if the
 * transform has no {@code close} of its own. Not thread-safe.
 */
final class OwnResource {

  private final @Nullable Resource resource;

  OwnResource(Transform<?, ?> transform, Resources resources) {
    this.resource = Resources.closes(transform) ? resources.add(transform, Origin.NONE) : null;
  }

  boolean isNone() {
    return resource == null;
  }

  /**
   * An origin with {@code claims} claims that stands for {@code origin} and the resource. Takes
   * over the caller's {@code claims} claims to {@code origin}.
   */
  Origin with(Origin origin, int claims) {
    if (resource == null) {
      return origin;
    }
    if (origin == Origin.NONE) {
      resource.retain(claims);
      return resource;
    }
    return new Origin(claims) {
      {
        resource.retain(1);
        origin.retain(1);
        origin.release(claims);
      }

      @Override
      void ended() {
        resource.release(1);
        origin.release(1);
      }

      @Override
      Origin withoutResources() {
        return origin.withoutResources();
      }

      @Override
      void addSources(Set<SourceElement> to) {
        origin.addSources(to);
      }
    };
  }

  /** The stage has ended. */
  void close() {
    if (resource != null) {
      resource.release(1);
    }
  }
}
