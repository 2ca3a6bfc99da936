package dev.millrace.samples.verify;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** A read-only channel over memory. */
final class SegmentChannel implements SeekableByteChannel {

  private final MemorySegment segment;
  private long position;
  private boolean open = true;

  SegmentChannel(MemorySegment segment) {
    this.segment = segment;
  }

  @Override
  public int read(ByteBuffer target) {
    if (position >= segment.byteSize()) {
      return -1;
    }
    int length = (int) Math.min(target.remaining(), segment.byteSize() - position);
    MemorySegment.copy(
        segment,
        ValueLayout.JAVA_BYTE,
        position,
        MemorySegment.ofBuffer(target),
        ValueLayout.JAVA_BYTE,
        0,
        length);
    target.position(target.position() + length);
    position += length;
    return length;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SeekableByteChannel position(long newPosition) {
    position = newPosition;
    return this;
  }

  @Override
  public long size() {
    return segment.byteSize();
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
  }

  @Override
  public int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long size) {
    throw new NonWritableChannelException();
  }
}
