package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.Event.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {

  @TempDir Path directory;

  @Test
  void whatIsWrittenIsReadOnceAndInItsOrder() throws Exception {
    Path file = directory.resolve("a.log");
    var tail = new EventTail("a", file);
    assertThat(tail.read()).isEmpty();
    try (var log = new EventLog(file)) {
      log.record(Kind.START, 3, 17, "kéy", "");
      log.partition(Kind.RELEASED, 3, 2, 5);
      List<Event> events = tail.read();
      assertThat(events).extracting(Event::who).containsOnly("a");
      assertThat(events).extracting(Event::kind).containsExactly(Kind.START, Kind.RELEASED);
      assertThat(events.getFirst().key()).isEqualTo("kéy");
      assertThat(events.getFirst().offset()).isEqualTo(17);
      assertThat(events.getLast().epoch()).isEqualTo(5);
      log.say(Kind.CLOSED, 0, -1, "two\nlines");
      assertThat(tail.read()).extracting(Event::detail).containsExactly("two lines");
    }
  }

  @Test
  void lineThatAKillHasCutIsNotRead() throws Exception {
    Path file = directory.resolve("a.log");
    try (var log = new EventLog(file)) {
      log.record(Kind.END, 0, 1, "k", "");
    }
    Files.writeString(file, "123\t456\tSTA", StandardOpenOption.APPEND);
    var tail = new EventTail("a", file);
    assertThat(tail.read()).extracting(Event::kind).containsExactly(Kind.END);
    assertThat(tail.read()).isEmpty();
  }
}
