package dev.millrace.kafka.http;

/** A request that is refused, with the answer to send. */
final class RefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient Response response;

  RefusedException(Response response) {
    super(response.reason(), null, false, false);
    this.response = response;
  }

  Response response() {
    return response;
  }
}
