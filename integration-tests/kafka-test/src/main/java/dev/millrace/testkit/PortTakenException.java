package dev.millrace.testkit;

import java.io.IOException;

/** Another process has taken a port between its choice and the start of the broker. */
final class PortTakenException extends IOException {

  private static final long serialVersionUID = 1L;

  /** The number of times that a start chooses ports before it fails with this exception. */
  static final int CHOICES = 5;

  PortTakenException(NodePorts ports, Throwable cause) {
    super(
        "another process has taken port %d, %d or %d of the broker"
            .formatted(ports.broker(), ports.controller(), ports.secured()),
        cause);
  }
}
