package dev.millrace.kafka.http;

/** A request gets no other answer than this one. */
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
