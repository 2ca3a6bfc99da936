package dev.millrace.stages;

class ChannelFaceStopTest extends FaceStopContract {

  @Override
  Face face() {
    return new ChannelFace();
  }
}
