package dev.millrace.stages;

/** BlockHound watches: its platform listener is on the class path. */
class ReactorFaceStopTest extends FaceStopContract {

  @Override
  Face face() {
    return new ReactorFace();
  }
}
