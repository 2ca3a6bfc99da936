package dev.millrace.it;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.JavaTypeVariable;
import com.tngtech.archunit.core.domain.properties.HasModifiers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The types that users of a public type see: in its declaration and in those of its members. */
final class Signatures {

  private Signatures() {}

  /**
   * The signatures that name a type of a hidden package.
   *
   * @param classes whose signatures are examined; classes in hidden packages are skipped
   * @param hidden the last or an inner part of the names of hidden packages
   */
  static List<String> thatName(Iterable<JavaClass> classes, String hidden) {
    List<String> found = new ArrayList<>();
    for (JavaClass type : classes) {
      if (isVisible(type) && !isIn(hidden, type)) {
        Stream.concat(type.getInterfaces().stream(), type.getSuperclass().stream())
            .forEach(parent -> examine(type.getName(), parent, hidden, found));
        parameters(type.getName(), type.getTypeParameters(), hidden, found);
        for (JavaField field : type.getFields()) {
          if (isOfUsers(field)) {
            examine(field.getFullName(), field.getType(), hidden, found);
          }
        }
        for (JavaCodeUnit unit : type.getCodeUnits()) {
          if (isOfUsers(unit)) {
            String name = unit.getFullName();
            examine(name, unit.getReturnType(), hidden, found);
            unit.getParameterTypes().forEach(each -> examine(name, each, hidden, found));
            unit.getThrowsClause().getTypes().forEach(each -> examine(name, each, hidden, found));
            parameters(name, unit.getTypeParameters(), hidden, found);
          }
        }
      }
    }
    return found;
  }

  private static void parameters(
      String owner,
      Collection<? extends JavaTypeVariable<?>> variables,
      String hidden,
      List<String> found) {
    for (JavaTypeVariable<?> variable : variables) {
      variable.getBounds().forEach(bound -> examine(owner, bound, hidden, found));
    }
  }

  private static void examine(String owner, JavaType type, String hidden, List<String> found) {
    for (JavaClass each : type.getAllInvolvedRawTypes()) {
      if (isIn(hidden, each)) {
        found.add(owner + " names " + each.getName());
      }
    }
  }

  private static boolean isIn(String hidden, JavaClass type) {
    return type.getPackageName().startsWith("dev.millrace.")
        && Arrays.asList(type.getPackageName().split("\\.")).contains(hidden);
  }

  private static boolean isVisible(JavaClass type) {
    Optional<JavaClass> enclosing = type.getEnclosingClass();
    return isOfUsers(type) && (enclosing.isEmpty() || isVisible(enclosing.get()));
  }

  private static boolean isOfUsers(HasModifiers member) {
    return !member.getModifiers().contains(JavaModifier.SYNTHETIC)
        && (member.getModifiers().contains(JavaModifier.PUBLIC)
            || member.getModifiers().contains(JavaModifier.PROTECTED));
  }
}
