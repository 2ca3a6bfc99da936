package dev.millrace.testkit.simulation;

import dev.millrace.testkit.simulation.boot.JdkTime;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * The internals of the JDK that the simulation uses: virtual threads with a scheduler of its own,
 * their timed parks, and the clock and the random numbers of {@code java.util.concurrent}.
 *
 * <p>An agent, which this class makes and loads, opens {@code java.lang}. It replaces {@link
 * System#nanoTime} in the classes whose waits have a time limit, and makes random numbers
 * independent of the number of a thread. In a simulation, the order of {@code Set.of} and {@code
 * Map.of} is not that of the JVM, which chooses another one each time when it starts.
 */
final class Jdk {

  /** The classes that compute deadlines. */
  private static final Set<String> TIMED =
      Set.of(
          "java/util/concurrent/locks/AbstractQueuedSynchronizer",
          "java/util/concurrent/locks/AbstractQueuedSynchronizer$ConditionObject",
          "java/util/concurrent/FutureTask",
          "java/util/concurrent/CompletableFuture",
          "java/util/concurrent/CompletableFuture$Signaller",
          "java/util/concurrent/ScheduledThreadPoolExecutor",
          "java/util/concurrent/ScheduledThreadPoolExecutor$ScheduledFutureTask",
          "java/util/concurrent/ScheduledThreadPoolExecutor$DelayedWorkQueue",
          "java/util/concurrent/LinkedTransferQueue",
          "java/util/concurrent/LinkedTransferQueue$DualNode",
          "java/util/concurrent/SynchronousQueue",
          "java/util/concurrent/Exchanger",
          "java/util/concurrent/Phaser$QNode");

  /** Mixes the number of the thread into each random number. */
  private static final String RANDOM = "java/util/concurrent/ThreadLocalRandom";

  /** Sets and maps whose order depends on two random constants of the JVM. */
  private static final String IMMUTABLE = "java/util/ImmutableCollections";

  /** These constants, and the methods of {@link JdkTime} that replace them in a simulation. */
  private static final Map<String, String> RANDOM_ORDER =
      Map.of("SALT32L", "salt", "REVERSE", "isReversed");

  private static final Constructor<?> BUILDER;
  private static final VarHandle RANDOM_SEED;
  private static final VarHandle RANDOM_PROBE;
  private static final VarHandle RANDOM_SECONDARY;

  static {
    try {
      Instrumentation agent = agent();
      open(agent);
      Class<?> time = bootTime(agent);
      time.getField("source").set(null, (LongSupplier) World::nanoTimeOfThread);
      time.getField("simulated").set(null, (BooleanSupplier) () -> Carrier.world() != null);
      rewrite(agent);
      BUILDER =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      BUILDER.setAccessible(true);
      replaceDelays();
      MethodHandles.Lookup lookup =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      RANDOM_SEED = lookup.findVarHandle(Thread.class, "threadLocalRandomSeed", long.class);
      RANDOM_PROBE = lookup.findVarHandle(Thread.class, "threadLocalRandomProbe", int.class);
      RANDOM_SECONDARY =
          lookup.findVarHandle(Thread.class, "threadLocalRandomSecondarySeed", int.class);
    } catch (ReflectiveOperationException | IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private Jdk() {}

  /** Loads the agent, and changes the JDK; once per JVM. */
  static void install() {
    // the static initializer has done it
  }

  /** A builder of virtual threads that the executor runs. */
  static Thread.Builder.OfVirtual virtual(Executor scheduler) {
    try {
      return (Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JDK has no virtual threads with a scheduler", e);
    }
  }

  /** Makes the calling thread's random numbers a function of the seed. */
  static void seedThread(long seed) {
    RANDOM_SEED.set(Thread.currentThread(), seed);
    RANDOM_PROBE.set(Thread.currentThread(), 1);
    RANDOM_SECONDARY.set(Thread.currentThread(), (int) seed | 1);
  }

  // The agent

  private static Instrumentation agent() throws IOException {
    attach(jar());
    Class<?> loaded = JdkTime.class;
    try {
      loaded = ClassLoader.getSystemClassLoader().loadClass(JdkTime.class.getName());
      return (Instrumentation)
          Objects.requireNonNull(loaded.getField("instrumentation").get(null), "the agent");
    } catch (ReflectiveOperationException e) {
      throw new IOException("the agent was not loaded: " + loaded, e);
    }
  }

  private static void attach(Path agent) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Path.of(Jdk.class.getProtectionDomain().getCodeSource().getLocation().getPath())
                    .toString(),
                Attaching.class.getName(),
                Long.toString(ProcessHandle.current().pid()),
                agent.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(
            "cannot load the agent of the simulation, is -XX:+EnableDynamicAgentLoading set?\n"
                + output);
      }
    } catch (InterruptedException e) {
      throw new IOException("interrupted while the agent of the simulation was loaded", e);
    }
  }

  /** With the class of the boot loader, which is the agent's class too. */
  private static Path jar() throws IOException {
    Path jar = Files.createTempFile("millrace-simulation", ".jar");
    jar.toFile().deleteOnExit();
    String name = JdkTime.class.getName();
    var manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    Map.of(
            "Manifest-Version", "1.0",
            "Agent-Class", name,
            "Can-Retransform-Classes", "true")
        .forEach(main::putValue);
    String file = name.replace('.', '/') + ".class";
    try (OutputStream out = Files.newOutputStream(jar);
        var zip = new JarOutputStream(out, manifest);
        InputStream in =
            Objects.requireNonNull(JdkTime.class.getClassLoader().getResourceAsStream(file))) {
      zip.putNextEntry(new ZipEntry(file));
      in.transferTo(zip);
      zip.closeEntry();
    }
    return jar;
  }

  private static Class<?> bootTime(Instrumentation agent)
      throws IOException, ReflectiveOperationException {
    agent.appendToBootstrapClassLoaderSearch(new JarFile(jar().toFile()));
    return Class.forName(JdkTime.class.getName(), true, null);
  }

  private static void open(Instrumentation agent) {
    Module base = Object.class.getModule();
    agent.redefineModule(
        base,
        Set.of(),
        Map.of(),
        Map.of("java.lang", Set.of(Jdk.class.getModule())),
        Set.of(),
        Map.of());
  }

  // The clock of java.util.concurrent

  private static void rewrite(Instrumentation agent) {
    ClassFileTransformer transformer =
        new ClassFileTransformer() {
          @Override
          public byte @Nullable [] transform(
              Module module,
              @Nullable ClassLoader loader,
              String name,
              @Nullable Class<?> redefined,
              @Nullable ProtectionDomain domain,
              byte[] bytes) {
            return isChanged(name) ? change(bytes) : null;
          }
        };
    agent.addTransformer(transformer, true);
    try {
      for (Class<?> each : agent.getAllLoadedClasses()) {
        if (isChanged(each.getName().replace('.', '/'))) {
          agent.retransformClasses(each);
        }
      }
    } catch (java.lang.instrument.UnmodifiableClassException e) {
      throw new LinkageError("the JVM does not let its classes be changed", e);
    }
  }

  private static boolean isChanged(String name) {
    return TIMED.contains(name) || name.equals(RANDOM) || name.startsWith(IMMUTABLE);
  }

  private static byte[] change(byte[] bytes) {
    var system = ClassDesc.of("java.lang.System");
    CodeTransform calls =
        (builder, element) -> {
          InvokeInstruction call = element instanceof InvokeInstruction one ? one : null;
          if (call != null && call.name().equalsString("threadId")) {
            builder.pop().lconst_0(); // it depends on the threads that ran before
          } else if (call != null
              && call.owner().asSymbol().equals(system)
              && call.name().equalsString("nanoTime")) {
            builder.invokestatic(
                ClassDesc.of(JdkTime.class.getName()),
                "nanoTime",
                MethodTypeDesc.of(ConstantDescs.CD_long));
          } else {
            builder.with(element);
            if (element instanceof FieldInstruction field
                && field.opcode() == Opcode.GETSTATIC
                && field.owner().asInternalName().equals(IMMUTABLE)
                && RANDOM_ORDER.containsKey(field.name().stringValue())) {
              builder.invokestatic(
                  ClassDesc.of(JdkTime.class.getName()),
                  RANDOM_ORDER.get(field.name().stringValue()),
                  MethodTypeDesc.of(field.typeSymbol(), field.typeSymbol()));
            }
          }
        };
    ClassFile file = ClassFile.of();
    return file.transformClass(file.parse(bytes), ClassTransform.transformingMethodBodies(calls));
  }

  /** The timed parks of virtual threads that have a scheduler of their own. */
  private static void replaceDelays() throws ReflectiveOperationException {
    Field field =
        Class.forName("java.lang.VirtualThread$DelayedTaskSchedulers").getDeclaredField("INSTANCE");
    field.setAccessible(true);
    Object all = field.get(null);
    for (int i = 0; i < Array.getLength(all); i++) {
      Array.set(all, i, new Delays((ScheduledExecutorService) Array.get(all, i)));
    }
  }
}
