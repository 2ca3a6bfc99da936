package dev.millrace.samples.verify;

/** Why an artifact became a dead letter. */
enum Reason {
  SHA1_MISMATCH("the SHA-1 differs from the .sha1 file"),
  MALFORMED_SHA1("the .sha1 file holds no SHA-1"),
  BROKEN_ZIP("not a readable zip file"),
  CRC_MISMATCH("an entry's CRC differs"),
  UNREADABLE("the file cannot be read"),
  MALFORMED_RECORD("the record names no jar of the repository");

  private final String text;

  Reason(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }
}
