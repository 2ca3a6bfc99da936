package dev.millrace.testkit.simulation;

import java.lang.classfile.AccessFlags;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites classes for a simulation: they use the time, threads and monitors of the world. Before
 * each access that other threads can see, there is a point at which the thread may give way. So the
 * library itself contains nothing for the simulation. Thread-safe as far as its reader is.
 *
 * <p>The JVM's hash codes of objects differ from run to run, and so would the order of a hash set.
 * So a class that inherits the method of {@link Object} gets a method of its own.
 */
final class Rewriter {

  private static final ClassDesc POINTS = ClassDesc.of(Points.class.getName());
  private static final ClassDesc OBJECT = ConstantDescs.CD_Object;
  private static final ClassDesc THREAD = ClassDesc.of("java.lang.Thread");
  private static final ClassDesc BUILDER = ClassDesc.of("java.lang.Thread$Builder");
  private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);
  private static final MethodTypeDesc OF_INT =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_boolean);
  private static final MethodTypeDesc OF_OBJECT = MethodTypeDesc.of(ConstantDescs.CD_void, OBJECT);
  private static final MethodTypeDesc INT = MethodTypeDesc.of(ConstantDescs.CD_int);
  private static final MethodTypeDesc INT_OF_OBJECT =
      MethodTypeDesc.of(ConstantDescs.CD_int, OBJECT);

  /** The field with the hash code of an object; 0 as long as it has none. */
  private static final String HASH = "hashInSimulation";

  /** Static methods, as owner and name, that {@link Points} has with the same parameters. */
  private static final Set<String> STATIC =
      Set.of(
          "java/lang/System.nanoTime",
          "java/lang/System.currentTimeMillis",
          "java/lang/Thread.sleep",
          "java/lang/Thread.ofVirtual",
          "java/lang/Thread.startVirtualThread",
          "java/lang/Thread.onSpinWait",
          "java/time/Instant.now",
          "java/time/Clock.systemUTC");

  private static final Map<String, String> OF_OBJECTS =
      Map.of("wait", "await", "notify", "wake", "notifyAll", "wakeAll");

  /** Methods of maps that call a function. {@link Points} has them, too. */
  private static final Set<String> COMPUTING =
      Set.of("computeIfAbsent", "computeIfPresent", "compute", "merge");

  private static final Set<String> MAPS =
      Set.of(
          "java/util/Map",
          "java/util/concurrent/ConcurrentMap",
          "java/util/concurrent/ConcurrentHashMap");

  private static final DirectMethodHandleDesc INTERRUPT =
      MethodHandleDesc.ofMethod(
          DirectMethodHandleDesc.Kind.STATIC,
          POINTS,
          "interrupt",
          MethodTypeDesc.of(ConstantDescs.CD_void, THREAD));

  private final Function<String, byte @Nullable []> reader;
  private final ClassFile file;
  private final Map<String, Set<String>> volatiles = new HashMap<>();

  /**
   * A rewriter.
   *
   * @param reader gives the bytes of a class by its internal name; null if there is none
   */
  Rewriter(Function<String, byte @Nullable []> reader, ClassLoader parent) {
    this.reader = reader;
    this.file =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(parent).cached()));
  }

  byte[] rewrite(byte[] bytes) {
    ClassModel model = file.parse(bytes);
    ClassTransform methods =
        (builder, element) -> {
          if (element instanceof MethodModel method && method.code().isPresent()) {
            int flags = method.flags().flagsMask() & ~ClassFile.ACC_SYNCHRONIZED;
            builder.withMethod(
                method.methodName(),
                method.methodType(),
                flags,
                parts ->
                    method.forEach(
                        part -> {
                          if (part instanceof CodeModel code) {
                            parts.withCode(out -> rewrite(model, method, code, out));
                          } else if (!(part instanceof AccessFlags)) {
                            parts.with(part);
                          }
                        }));
          } else {
            builder.with(element);
          }
        };
    return file.transformClass(
        model,
        inheritsHash(model)
            ? methods.andThen(ClassTransform.endHandler(builder -> addHash(model, builder)))
            : methods);
  }

  // Hash codes

  private static boolean inheritsHash(ClassModel model) {
    return !model.flags().has(AccessFlag.INTERFACE)
        && model
            .superclass()
            .filter(of -> of.asInternalName().equals("java/lang/Object"))
            .isPresent()
        && model.methods().stream()
            .noneMatch(
                method ->
                    method.methodName().equalsString("hashCode")
                        && method.methodTypeSymbol().equals(INT));
  }

  private static void addHash(ClassModel model, ClassBuilder builder) {
    ClassDesc own = model.thisClass().asSymbol();
    builder.withField(HASH, ConstantDescs.CD_int, ClassFile.ACC_PRIVATE | ClassFile.ACC_TRANSIENT);
    builder.withMethodBody(
        "hashCode",
        INT,
        ClassFile.ACC_PUBLIC,
        out ->
            out.aload(0)
                .getfield(own, HASH, ConstantDescs.CD_int)
                .ifThen(
                    Opcode.IFEQ,
                    first ->
                        first
                            .aload(0)
                            .aload(0)
                            .invokestatic(POINTS, "hash", INT_OF_OBJECT)
                            .putfield(own, HASH, ConstantDescs.CD_int))
                .aload(0)
                .getfield(own, HASH, ConstantDescs.CD_int)
                .ireturn());
  }

  private void rewrite(ClassModel model, MethodModel method, CodeModel code, CodeBuilder out) {
    boolean initializes = method.methodName().equalsString("<clinit>");
    Bracket bracket =
        initializes
            ? begins -> out.loadConstant(begins ? 1 : 0).invokestatic(POINTS, "initializes", OF_INT)
            : method.flags().has(AccessFlag.SYNCHRONIZED)
                ? begins -> lock(model, method, out, begins)
                : null;
    if (bracket == null) {
      code.forEach(element -> rewrite(element, out, null, true));
      return;
    }
    bracket.add(true);
    Label start = out.newBoundLabel();
    code.forEach(element -> rewrite(element, out, bracket, !initializes));
    Label end = out.newBoundLabel();
    out.exceptionCatchAll(start, end, end);
    bracket.add(false);
    out.athrow();
  }

  /** Calls at the beginning of a method, and at each of its ends. */
  private interface Bracket {
    void add(boolean begins);
  }

  private static void lock(ClassModel model, MethodModel method, CodeBuilder out, boolean enters) {
    if (method.flags().has(AccessFlag.STATIC)) {
      out.loadConstant(model.thisClass().asSymbol());
    } else {
      out.aload(0);
    }
    out.invokestatic(POINTS, enters ? "enter" : "exit", OF_OBJECT);
  }

  private void rewrite(
      CodeElement element, CodeBuilder out, @Nullable Bracket bracket, boolean points) {
    switch (element) {
      case MonitorInstruction monitor ->
          out.invokestatic(
              POINTS, monitor.opcode() == Opcode.MONITORENTER ? "enter" : "exit", OF_OBJECT);
      case ReturnInstruction _ when bracket != null -> {
        bracket.add(false);
        out.with(element);
      }
      case FieldInstruction field -> {
        if (points
            && volatiles(field.owner().asInternalName()).contains(field.name().stringValue())) {
          out.invokestatic(POINTS, "point", NOTHING);
        }
        out.with(element);
      }
      case InvokeInstruction call -> rewrite(call, out, points);
      case InvokeDynamicInstruction dynamic ->
          out.invokedynamic(
              DynamicCallSiteDesc.of(
                  dynamic.bootstrapMethod(),
                  dynamic.name().stringValue(),
                  dynamic.typeSymbol(),
                  dynamic.bootstrapArgs().stream()
                      .map(Rewriter::rewrite)
                      .toArray(ConstantDesc[]::new)));
      default -> out.with(element);
    }
  }

  /** {@code Thread::interrupt} in a method reference. */
  private static ConstantDesc rewrite(ConstantDesc argument) {
    return argument instanceof DirectMethodHandleDesc method
            && method.owner().equals(THREAD)
            && method.methodName().equals("interrupt")
        ? INTERRUPT
        : argument;
  }

  private static void rewrite(InvokeInstruction call, CodeBuilder out, boolean points) {
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    MethodTypeDesc type = call.typeSymbol();
    if (call.opcode() == Opcode.INVOKESTATIC) {
      if (STATIC.contains(owner + "." + name)
          && !(name.equals("now") && type.parameterCount() > 0)) {
        out.invokestatic(POINTS, name, type);
        return;
      }
      if (owner.equals("java/util/concurrent/CompletableFuture")
          && Set.of("supplyAsync", "runAsync").contains(name)
          && type.parameterCount() == 1) {
        out.invokestatic(POINTS, name, type);
        return;
      }
      if (owner.equals("java/lang/Thread") && name.equals("ofPlatform")) {
        out.invokestatic(POINTS, name, MethodTypeDesc.of(BUILDER));
        return;
      }
    } else if (owner.startsWith("java/lang/Thread$Builder")) {
      rewriteBuilder(out, name, type);
      return;
    } else if (owner.equals("java/util/concurrent/ForkJoinPool") && name.equals("schedule")) {
      out.invokestatic(POINTS, name, type.insertParameterTypes(0, ClassDesc.ofInternalName(owner)));
      return;
    } else if (owner.equals("java/util/concurrent/TimeUnit")
        && Set.of("sleep", "timedWait").contains(name)) {
      out.invokestatic(POINTS, name, type.insertParameterTypes(0, ClassDesc.ofInternalName(owner)));
      return;
    } else if (COMPUTING.contains(name) && MAPS.contains(owner)) {
      out.invokestatic(POINTS, name, type.insertParameterTypes(0, ClassDesc.of("java.util.Map")));
      return;
    } else if (OF_OBJECTS.containsKey(name) && isOfObject(name, type)) {
      out.invokestatic(POINTS, OF_OBJECTS.get(name), type.insertParameterTypes(0, OBJECT));
      return;
    } else if (owner.equals("java/lang/Thread")
        && name.equals("interrupt")
        && call.opcode() == Opcode.INVOKEVIRTUAL) {
      out.invokestatic(POINTS, name, type.insertParameterTypes(0, THREAD));
      return;
    } else if (owner.equals("java/lang/Runtime") && name.equals("availableProcessors")) {
      out.pop().iconst_2();
      return;
    }
    if (points && (owner.equals("java/lang/invoke/VarHandle") || isConcurrent(owner))) {
      out.invokestatic(POINTS, "point", NOTHING);
    }
    out.with(call);
  }

  private static boolean isConcurrent(String owner) {
    return owner.startsWith("java/util/concurrent/") && !owner.endsWith("/TimeUnit");
  }

  /** As methods of an object, and not of an interface of the library. */
  private static boolean isOfObject(String name, MethodTypeDesc type) {
    boolean isVoid = type.returnType().equals(ConstantDescs.CD_void);
    String parameters = type.displayDescriptor();
    return isVoid
        && (name.startsWith("notify")
            ? type.parameterCount() == 0
            : parameters.equals("()void")
                || parameters.equals("(long)void")
                || parameters.equals("(long,int)void"));
  }

  private static void rewriteBuilder(CodeBuilder out, String name, MethodTypeDesc type) {
    switch (name) {
      case "daemon", "unstarted", "start", "factory" -> {
        MethodTypeDesc of = type.insertParameterTypes(0, BUILDER);
        out.invokestatic(POINTS, name, name.equals("daemon") ? of.changeReturnType(BUILDER) : of);
      }
      default -> out.invokeinterface(BUILDER, name, type.changeReturnType(BUILDER));
    }
  }

  /** The names of the volatile fields of a class that is rewritten, and of its superclasses. */
  private synchronized Set<String> volatiles(String owner) {
    Set<String> known = volatiles.get(owner);
    if (known == null) {
      known = new HashSet<>();
      byte[] bytes = reader.apply(owner);
      if (bytes != null) {
        ClassModel model = file.parse(bytes);
        for (FieldModel field : model.fields()) {
          if (field.flags().has(AccessFlag.VOLATILE)) {
            known.add(field.fieldName().stringValue());
          }
        }
        if (model.superclass().isPresent()) {
          known.addAll(volatiles(model.superclass().get().asInternalName()));
        }
      }
      volatiles.put(owner, known);
    }
    return known;
  }
}
