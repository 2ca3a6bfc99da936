package dev.millrace.samples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.samples.collector.CollectorDemo;
import dev.millrace.samples.orders.OrdersDemo;
import dev.millrace.samples.reactive.Prices;
import dev.millrace.samples.services.ServicesDemo;
import dev.millrace.samples.streams.StreamsDemo;
import dev.millrace.samples.transfer.Transfer;
import dev.millrace.samples.verify.VerifyRepository;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * {@code ./demo --help} answers before anything is built, so its texts are files. With {@code
 * -Ddemo.help=write} this test writes them.
 */
class DemoHelpTest {

  private static final Path ROOT = Path.of("..");

  @ParameterizedTest
  @ValueSource(
      classes = {
        CollectorDemo.class,
        OrdersDemo.class,
        Prices.class,
        ServicesDemo.class,
        StreamsDemo.class,
        Transfer.class,
        VerifyRepository.class
      })
  void fileIsTheHelpOfTheCommand(Class<?> type) throws IOException {
    String sample = type.getPackageName().replaceFirst(".*\\.", "");
    Path file = Path.of("src/main/help", sample + ".txt");
    String help = new CommandLine(type, new Parts()).getUsageMessage(CommandLine.Help.Ansi.OFF);
    if ("write".equals(System.getProperty("demo.help"))) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, help);
    }
    assertThat(Files.readString(file)).isEqualTo(help);
  }

  @Test
  void scriptPrintsTheFileWithoutABuild() throws Exception {
    for (String sample : new String[] {"", "collector"}) {
      String file = (sample.isEmpty() ? "verify" : sample) + ".txt";
      var script = new ProcessBuilder("bash", "./demo");
      if (!sample.isEmpty()) {
        script.command().add(sample);
      }
      script.command().add("--help");
      script.directory(ROOT.toFile()).environment().put("PATH", "/usr/bin:/bin");
      Process process = script.redirectErrorStream(true).start();
      assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
          .startsWith(Files.readString(Path.of("src/main/help", file)))
          .doesNotContain("building");
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isZero();
    }
  }

  /** Makes commands, which have no constructors without arguments. */
  private static final class Parts implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      Constructor<?> constructor = type.getDeclaredConstructors()[0];
      constructor.setAccessible(true);
      Object[] arguments =
          Arrays.stream(constructor.getParameterTypes()).map(Parts::argument).toArray();
      return type.cast(constructor.newInstance(arguments));
    }

    private static Object argument(Class<?> type) {
      return type == PrintStream.class ? System.out : InstantSource.system();
    }
  }
}
