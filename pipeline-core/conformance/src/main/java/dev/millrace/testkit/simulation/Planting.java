package dev.millrace.testkit.simulation;

import java.lang.classfile.AccessFlags;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.function.UnaryOperator;

/**
 * Changes of class files that plant a defect, for {@link Simulation#with}. So a test can show that
 * the simulation finds the defect. Stateless and thread-safe.
 */
public final class Planting {

  private static final ClassDesc POINTS = ClassDesc.of(Points.class.getName());

  private Planting() {}

  /**
   * In this method, another method is not called, and has this answer instead.
   *
   * @param question the name of a method with a boolean result, and with one argument: the object
   *     that it is called on, or the parameter of a static method
   */
  public static UnaryOperator<byte[]> answering(String method, String question, boolean answer) {
    CodeTransform change =
        (code, element) -> {
          if (isCall(element, question)) {
            code.pop().loadConstant(answer ? 1 : 0);
          } else {
            code.with(element);
          }
        };
    return changing(method, MethodTransform.transformingCode(change));
  }

  /** This method takes no monitors. */
  public static UnaryOperator<byte[]> withoutMonitors(String method) {
    CodeTransform change =
        (code, element) -> {
          if (element instanceof MonitorInstruction) {
            code.pop();
          } else {
            code.with(element);
          }
        };
    return changing(
        method,
        (builder, element) -> {
          switch (element) {
            case AccessFlags flags ->
                builder.withFlags(flags.flagsMask() & ~ClassFile.ACC_SYNCHRONIZED);
            case CodeModel code -> builder.transformCode(code, change);
            default -> builder.with(element);
          }
        });
  }

  /**
   * The methods of the class have a point before each access to a field of an object, plain or
   * final. Without these points, code behind a monitor runs in one piece, even if the monitor is
   * missing.
   */
  public static UnaryOperator<byte[]> pointsAtFields() {
    CodeTransform change =
        (code, element) -> {
          if (element instanceof FieldInstruction field
              && (field.opcode() == Opcode.GETFIELD || field.opcode() == Opcode.PUTFIELD)) {
            code.invokestatic(POINTS, "point", MethodTypeDesc.of(ConstantDescs.CD_void));
          }
          code.with(element);
        };
    return bytes -> {
      var file = ClassFile.of();
      return file.transformClass(
          file.parse(bytes),
          ClassTransform.transformingMethodBodies(
              method -> !method.methodName().stringValue().startsWith("<"), change));
    };
  }

  private static boolean isCall(CodeElement element, String name) {
    return element instanceof InvokeInstruction call && call.name().equalsString(name);
  }

  private static UnaryOperator<byte[]> changing(String method, MethodTransform change) {
    return bytes -> {
      var file = ClassFile.of();
      boolean[] found = {false};
      ClassTransform all =
          ClassTransform.transformingMethods(
              (MethodModel one) -> {
                boolean is = one.methodName().equalsString(method);
                found[0] |= is;
                return is;
              },
              change);
      byte[] changed = file.transformClass(file.parse(bytes), all);
      if (!found[0]) {
        throw new IllegalArgumentException("there is no method " + method);
      }
      return changed;
    };
  }
}
