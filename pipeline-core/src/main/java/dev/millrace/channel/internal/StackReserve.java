package dev.millrace.channel.internal;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Makes sure that a thread has stack left for an operation, before the operation begins.
 * Thread-safe.
 *
 * <p>A stack that overflows under a lock would leave the lock held, a queue half changed, or a
 * thread that was served but not woken. Code cannot defend itself there: each call of a defence can
 * overflow as well. So every operation calls {@link #ensure} first, while it holds nothing and has
 * changed nothing. Either that call throws a {@link StackOverflowError}, and the operation has not
 * happened; or 8 KB are left, and the operation is not the one that overflows. Under the locks
 * there are at most some 15 frames of about 100 bytes each, even if all are interpreted. The
 * longest chain of calls is that of the JDK that unparks or parks a virtual thread.
 *
 * <p>An inner operation must not require the same reserve as the outer one: it is a few frames
 * deeper, and would throw after the outer operation has begun. So an operation that contains others
 * asks for more stack, for example the release of a semaphore, which closes a channel.
 */
/*
 * The check costs next to nothing, because the JVM does it: when a method is entered, the JVM
 * compares the stack with the size of the method's frame. The methods here have frames of 8, 16 and
 * 24 KB. - Interpreted, the frame really is that large. - Compiled, the local variables need no
 * room. The JVM still asks for the size of the interpreted frame. At each point with a description
 * of its state, a method must be able to go back to the interpreter. The branch that is never taken
 * is such a point. - If the method is inlined, its caller asks for that size when it is entered.
 * StackReserveTest measures the reserve in each of these forms.
 *
 * Java source can make such a frame only by a thousand variables. A class file just states the
 * size: so the methods are built as hidden classes, once, with one store into the last local
 * variable. That costs some 20 ms at the first operation of a JVM that has not built a class
 * before.
 *
 * Rejected: small frames in each other; compiled, each one asks for its own size only. To descend
 * some hundred frames and to come back. That costs more than a whole operation without contention,
 * so only the first operations of a JVM can do it. To release the lock in a handler of the error;
 * the queues would still be half changed.
 */
public final class StackReserve {

  /** A method with a large frame, which does nothing. */
  interface Frame {
    void enter();
  }

  private static final int SLOT = Long.BYTES; // of an interpreted frame, on a JVM of 64 bits

  /** Never true; not final, so that the compilers do not know. Read by the hidden classes. */
  static boolean never;

  private static final Frame CHANNEL = frame(8 << 10);
  private static final Frame OVER_CHANNELS = frame(16 << 10);
  private static final Frame OVER_CONTEXTS = frame(24 << 10);

  private StackReserve() {}

  /**
   * Returns if 8 KB of stack are left: enough for an operation on channels.
   *
   * @throws StackOverflowError if not
   */
  public static void ensure() {
    CHANNEL.enter();
  }

  /**
   * Returns if 16 KB of stack are left: enough for an operation that is made of operations on
   * channels. Semaphores, wait groups and the like use it, and the cancellation of a context.
   *
   * @throws StackOverflowError if not
   */
  public static void ensureOverChannels() {
    OVER_CHANNELS.enter();
  }

  /**
   * Returns if 24 KB of stack are left: enough for an operation that also cancels contexts.
   *
   * @throws StackOverflowError if not
   */
  public static void ensureOverContexts() {
    OVER_CONTEXTS.enter();
  }

  private static Frame frame(int bytes) {
    ClassDesc self = ClassDesc.of(StackReserve.class.getName() + "$Frame" + bytes);
    byte[] code =
        ClassFile.of()
            .build(
                self,
                type ->
                    type.withInterfaceSymbols(
                            ClassDesc.ofDescriptor(Frame.class.descriptorString()))
                        .withMethodBody(
                            ConstantDescs.INIT_NAME,
                            ConstantDescs.MTD_void,
                            ClassFile.ACC_PUBLIC,
                            body ->
                                body.aload(0)
                                    .invokespecial(
                                        ConstantDescs.CD_Object,
                                        ConstantDescs.INIT_NAME,
                                        ConstantDescs.MTD_void)
                                    .return_())
                        .withMethodBody(
                            "enter",
                            ConstantDescs.MTD_void,
                            ClassFile.ACC_PUBLIC,
                            body -> enter(body, bytes / SLOT)));
    try {
      MethodHandles.Lookup hidden = MethodHandles.lookup().defineHiddenClass(code, true);
      return (Frame)
          hidden.findConstructor(hidden.lookupClass(), MethodType.methodType(void.class)).invoke();
    } catch (Throwable e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** {@code long last = 0; if (never) throw null;} with {@code last} at the end of the frame. */
  private static void enter(CodeBuilder body, int slots) {
    body.lconst_0()
        .lstore(slots - 2)
        .getstatic(ClassDesc.of(StackReserve.class.getName()), "never", ConstantDescs.CD_boolean)
        .ifThen(never -> never.aconst_null().athrow())
        .return_();
  }
}
