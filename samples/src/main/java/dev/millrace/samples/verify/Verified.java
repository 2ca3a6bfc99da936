package dev.millrace.samples.verify;

/**
 * An artifact that passed.
 *
 * @param check which checks it passed: {@code sha1+crc}, or {@code crc} where there is no .sha1
 *     file
 * @param entries how many entries the jar has
 * @param bytes how long the file is
 */
record Verified(String check, long entries, long bytes) {}
