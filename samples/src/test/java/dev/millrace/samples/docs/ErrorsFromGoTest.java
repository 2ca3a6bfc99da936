package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Causes;
import dev.millrace.errors.ErrorCode;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

/** The snippets of the guide for Go programmers about errors, run. */
class ErrorsFromGoTest {

  @Test
  void errorCode() {
    // doc:begin
    var e = new IOException("Access denied for user 'db_user'@'127.0.0.1'");
    ErrorCode code = ErrorCode.of(e); //             for the log line, beside the message
    String shown = "unknown error " + code; //       for the caller, without the message
    ErrorCode typed = ErrorCode.parse(" 3oev "); //  as people write it: O is 0, I and l are 1
    // doc:end
    assertThat(shown).isEqualTo("unknown error 30EV");
    assertThat(typed).isEqualTo(ErrorCode.parse("30EV"));
  }

  // doc:begin
  /** Wraps the failure of the layer below; the message says what this layer did. */
  static final class StoreException extends Exception {
    private static final long serialVersionUID = 1L;

    StoreException(String message, Throwable cause) {
      super(message, cause); // fmt.Errorf("…: %w", err)
    }
  }

  // doc:end

  @Test
  void wrapping() {
    var service =
        new IllegalStateException(
            "cannot load order 7",
            new StoreException("cannot read orders", new NoSuchFileException("orders.db")));
    // doc:begin
    boolean missing = Causes.find(service, NoSuchFileException.class) != null; // errors.Is
    StoreException store = Causes.find(service, StoreException.class); //         errors.As
    Throwable root = Causes.root(service); //                                     errors.Cause
    // doc:end
    assertThat(missing).isTrue();
    assertThat(store).hasMessage("cannot read orders");
    assertThat(root).hasMessage("orders.db");
  }
}
