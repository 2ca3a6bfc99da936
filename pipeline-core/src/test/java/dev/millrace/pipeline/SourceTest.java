package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTest {

  private static <T> List<T> read(Source<T> source) throws Exception {
    List<T> elements = new ArrayList<>();
    try (Source.Cursor<T> cursor = source.open(Context.background())) {
      for (T element; (element = cursor.next()) != null; ) {
        elements.add(element);
      }
      assertThat(cursor.next()).as("after the end").isNull();
    }
    return elements;
  }

  @Test
  void iterableIsIteratedAnewByEachRun() throws Exception {
    Source<Integer> source = Source.of(List.of(1, 2, 3));
    assertThat(read(source)).containsExactly(1, 2, 3);
    assertThat(read(source)).containsExactly(1, 2, 3);
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nullElementsAreRefused() throws Exception {
    assertThatThrownBy(() -> read(Source.of(Arrays.asList(1, null))))
        .hasMessageContaining("null element");
    assertThatThrownBy(() -> read(Source.stream(() -> Stream.of(1, null))))
        .hasMessageContaining("null element");
  }

  @Test
  void streamIsClosedByTheCursorOnly() throws Exception {
    var closed = new AtomicInteger();
    Source<Integer> source = Source.stream(() -> Stream.of(1, 2).onClose(closed::incrementAndGet));
    assertThat(read(source)).containsExactly(1, 2);
    assertThat(closed).hasValue(1);
    try (Source.Cursor<Integer> cursor = source.open(Context.background())) {
      assertThat(cursor.next()).isEqualTo(1);
      assertThat(closed).hasValue(1);
    }
    assertThat(closed).hasValue(2);
  }

  @Test
  void streamThatCannotBeIteratedIsClosed() {
    var closed = new AtomicInteger();
    Stream<Integer> used = Stream.of(1).onClose(closed::incrementAndGet);
    assertThat(used.count()).isEqualTo(1);
    assertThatThrownBy(() -> Source.stream(() -> used).open(Context.background()))
        .isInstanceOf(IllegalStateException.class);
    assertThat(closed).hasValue(1);
  }

  @Test
  void streamThatFailsToOpenFailsTheOpening() {
    var boom = new IOException("boom");
    assertThatThrownBy(
            () ->
                Source.<Integer>stream(
                        () -> {
                          throw boom;
                        })
                    .open(Context.background()))
        .isSameAs(boom);
  }

  @Test
  void generatedElementsEndWithNull() throws Exception {
    Iterator<Integer> numbers = List.of(1, 2).iterator();
    assertThat(read(Source.<Integer>generate(() -> numbers.hasNext() ? numbers.next() : null)))
        .containsExactly(1, 2);
  }

  @Test
  void channelIsDrainedThenItsCauseIsThrown() throws Exception {
    Channel<Integer> channel = Channel.buffered(3);
    channel.send(1);
    channel.send(2);
    channel.close();
    assertThat(read(Source.channel(channel))).containsExactly(1, 2);

    Channel<Integer> failed = Channel.buffered(3);
    failed.send(1);
    var boom = new IOException("boom");
    failed.close(boom);
    Source.Cursor<Integer> cursor = Source.<Integer>channel(failed).open(Context.background());
    assertThat(cursor.next()).isEqualTo(1);
    assertThatThrownBy(cursor::next)
        .satisfies(e -> assertThat(e == boom || e.getCause() == boom).isTrue());
  }

  @Test
  void linesAreThoseOfTheFile(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("lines.txt");
    Files.writeString(file, "grüß\r\n\nlast without an end");
    assertThat(read(Source.lines(file))).containsExactly("grüß", "", "last without an end");
    Files.writeString(file, "");
    assertThat(read(Source.lines(file))).isEmpty();
  }

  @Test
  void malformedLinesAreNotReplaced(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("latin1.txt");
    Files.write(file, new byte[] {'a', '\n', (byte) 0xfc, '\n'});
    assertThatThrownBy(() -> read(Source.lines(file)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 2")
        .hasCauseInstanceOf(MalformedInputException.class);
  }

  @Test
  void missingFileFailsTheRunNotTheBlueprint(@TempDir Path folder) {
    Source<String> lines = Source.lines(folder.resolve("none"));
    assertThatThrownBy(() -> lines.open(Context.background()))
        .isInstanceOf(NoSuchFileException.class);
  }
}
