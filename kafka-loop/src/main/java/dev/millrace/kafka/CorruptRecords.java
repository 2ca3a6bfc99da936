package dev.millrace.kafka;

/**
 * What becomes of a record that the broker has, but that cannot be read, as the batch that it is in
 * is corrupt.
 */
public enum CorruptRecords {

  /**
   * The consumer stops, and its failure names topic, partition and offset. Default: a broken disk
   * should be looked at before its records are given up.
   */
  STOP,

  /**
   * Each offset of the batch is a record that fails, as one that cannot be deserialized does, and
   * consuming goes on behind it. The record has its topic, partition and offset, and neither key
   * nor value; its {@linkplain DeadLetter#stage() stage} is {@value DeadLetter#FETCH}. A batch
   * takes one request to the broker for each offset.
   */
  FAIL
}
