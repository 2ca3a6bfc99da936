package dev.millrace.samples.services;

import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.service.Service;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The prices of a properties file, which is read again and again. If the file cannot be read, the
 * service fails; the supervisor starts it again. Thread-safe.
 */
final class PriceTable implements Service {

  private final Path file;
  private final Duration period;
  private volatile Properties prices = new Properties(); // a new one each time: readers never lock

  PriceTable(Path file, Duration period) {
    this.file = file;
    this.period = period;
  }

  /** The price of an item, as it was read last; null if there is none. */
  @Nullable String price(String item) {
    return prices.getProperty(item);
  }

  @Override
  public void run(Context context) throws IOException, InterruptedException {
    boolean goOn = true;
    while (goOn) {
      prices = read();
      goOn =
          new Select<Boolean>().onDone(context, () -> false).onTimeout(period, () -> true).select();
    }
  }

  private Properties read() throws IOException {
    var read = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      read.load(reader);
    }
    return read;
  }
}
