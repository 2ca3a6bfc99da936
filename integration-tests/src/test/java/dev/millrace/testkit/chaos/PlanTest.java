package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PlanTest {

  @Test
  void sameSeedGivesTheSamePlan() {
    assertThat(Plans.of(42, 25)).isEqualTo(Plans.of(42, 25)).isNotEqualTo(Plans.of(43, 25));
  }

  @Test
  void twentySeedsMeetAllThatCanBeDone() {
    Set<Disturbance> met = EnumSet.noneOf(Disturbance.class);
    Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);
    Set<Guarantee> guarantees = EnumSet.noneOf(Guarantee.class);
    LongStream.range(1, 21)
        .mapToObj(seed -> Plans.of(seed, 25))
        .forEach(
            plan -> {
              protocols.add(plan.protocol());
              guarantees.add(plan.guarantee());
              plan.steps().forEach(step -> met.add(step.what()));
            });
    assertThat(met).containsExactlyInAnyOrderElementsOf(Disturbance.USUAL);
    assertThat(protocols).containsExactlyInAnyOrder(Protocol.values());
    assertThat(guarantees).containsExactlyInAnyOrder(Guarantee.values());
  }

  @Test
  void twentyStormsMeetAllThatCanBeDoneAndTurnAllKnobs() {
    Set<Disturbance> met = EnumSet.noneOf(Disturbance.class);
    Set<Knobs.Knob> turned = EnumSet.noneOf(Knobs.Knob.class);
    LongStream.range(1, 21)
        .mapToObj(seed -> Plans.storm(seed, 25))
        .forEach(
            plan -> {
              plan.steps().forEach(step -> met.add(step.what()));
              turned.addAll(Plans.knobs(plan).all());
            });
    assertThat(met).containsExactlyInAnyOrder(Disturbance.values());
    assertThat(turned).containsExactlyInAnyOrder(Knobs.Knob.values());
    assertThat(Plans.storm(42, 25)).isEqualTo(Plans.storm(42, 25));
  }

  @Test
  void twentySeedsTurnAllKnobsAndSomeTurnNone() {
    Set<Knobs.Knob> met = EnumSet.noneOf(Knobs.Knob.class);
    Set<Boolean> any = new HashSet<>();
    LongStream.range(1, 21)
        .mapToObj(seed -> Plans.knobs(Plans.of(seed, 25)))
        .forEach(
            knobs -> {
              met.addAll(knobs.all());
              any.add(knobs.all().isEmpty());
            });
    assertThat(met).containsExactlyInAnyOrderElementsOf(Knobs.Knob.USUAL);
    assertThat(any).containsExactlyInAnyOrder(true, false);
  }
}
