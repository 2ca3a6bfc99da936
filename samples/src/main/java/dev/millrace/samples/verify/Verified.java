package dev.millrace.samples.verify;

/**
 * An artifact that passed.
 *
 * @param check the passed checks: {@code sha1+crc}, or {@code crc} without a .sha1 file
 * @param entries the number of entries of the jar
 * @param bytes the length of the file
 */
record Verified(String check, long entries, long bytes) {}
