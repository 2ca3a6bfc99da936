package dev.millrace.channel;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets waits of this module's tests last for 50 s by default, and not for Awaitility's 10 s. The
 * limit is no promise of the product: it ends a test that hangs. JUnit finds this class by itself.
 */
public final class PatientWaits implements BeforeAllCallback {

  /** Less than the usual timeout of a test class, 60 s, so that the wait says what is missing. */
  private static final Duration PATIENCE = Duration.ofSeconds(50);

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultTimeout(PATIENCE);
  }
}
