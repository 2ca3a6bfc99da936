package dev.millrace.kafka;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;

/** The class path of a team that does not use some of the optional jars. */
public final class ClassPath implements AutoCloseable {

  private final URLClassLoader loader;

  private ClassPath(URLClassLoader loader) {
    this.loader = loader;
  }

  /**
   * The class path without some jars.
   *
   * @param names the beginnings of the file names of the jars to leave out
   */
  public static ClassPath without(String... names) throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Stream.of(names).noneMatch(path.getFileName().toString()::startsWith)) {
        urls.add(path.toUri().toURL());
      }
    }
    return new ClassPath(
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader()));
  }

  /**
   * The class path of a client that does not have these classes.
   *
   * @param names the full names of the classes
   */
  public static ClassPath withoutClasses(String... names) throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return new ClassPath(
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader()) {
          @Override
          protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (Stream.of(names).anyMatch(name::equals)) {
              throw new ClassNotFoundException(name);
            }
            return super.findClass(name);
          }
        });
  }

  /** For applications: a consumer that gets one partition, with one record in it. */
  public static MockConsumer<byte[], byte[]> consumerOfOneRecord() {
    var mock = new MockConsumer<byte[], byte[]>("earliest");
    var partition = new TopicPartition("orders", 0);
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(partition));
          mock.updateBeginningOffsets(Map.of(partition, 0L));
          mock.addRecord(new ConsumerRecord<>("orders", 0, 0, new byte[0], new byte[0]));
        });
    return mock;
  }

  /** Loads the class anew, with all classes that it uses, and calls it. */
  public String call(Class<? extends Callable<String>> application) throws Exception {
    Class<?> anew = loader.loadClass(application.getName());
    if (anew == application) {
      throw new IllegalStateException("it is the same class");
    }
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader); // services are found by this loader
    try {
      Object instance = anew.getDeclaredConstructor().newInstance();
      return (String) anew.getMethod("call").invoke(instance);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** Whether there is such a class. */
  public boolean has(String className) {
    try {
      loader.loadClass(className);
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  @Override
  public void close() throws Exception {
    loader.close();
  }
}
