package dev.millrace.testkit.chaos;

/** Our own faces as a subject: the settings of the process choose the face and its defect. */
final class LoopSubject implements Subject {

  @Override
  public void run(SubjectRun run) throws Exception {
    try (var worker = new Worker(run.settings, run.log)) {
      run.status = Face.of(run.settings.text("face"), worker).run();
    }
  }
}
