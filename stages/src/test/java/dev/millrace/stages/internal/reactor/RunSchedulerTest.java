package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunSchedulerTest {

  private final List<Runnable> executed = new ArrayList<>();
  private final RunScheduler scheduler = new RunScheduler(executed::add);

  @Test
  void tasksGoToTheThreads() {
    scheduler.schedule(() -> {});
    scheduler.createWorker().schedule(() -> {});
    assertThat(executed).hasSize(2);
  }

  /** Reactor logs an error for each task that is refused. */
  @Test
  void disposedWorkerDropsTasksAndDoesNotRefuseThem() {
    var worker = scheduler.createWorker();
    worker.dispose();
    worker.schedule(() -> {});
    assertThat(executed).isEmpty();
    assertThat(worker.isDisposed()).isTrue();
    scheduler.createWorker().schedule(() -> {});
    assertThat(executed).as("of another worker").hasSize(1);
  }
}
