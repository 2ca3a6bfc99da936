package dev.millrace.samples.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.ZipOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarVerifierTest {

  @TempDir private Path directory;
  private Path jar;

  @BeforeEach
  void name() {
    jar = directory.resolve("org/example/lib/1.0/lib-1.0.jar");
  }

  private static void assertRejected(ThrowingCallable call, Reason reason) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void goodJarPassesBothChecks() throws Exception {
    Jars.good(jar);
    assertThat(JarVerifier.verify(jar)).isEqualTo(new Verified("sha1+crc", 3, Files.size(jar)));
  }

  @Test
  void jarWithoutSha1IsCheckedByCrc() throws Exception {
    Jars.write(jar);
    assertThat(JarVerifier.verify(jar).check()).isEqualTo("crc");
  }

  @Test
  void sha1FilesOfEveryKindAreUnderstood() throws Exception {
    Jars.good(jar);
    String sha1 = Jars.sha1(jar);
    for (String text :
        new String[] {
          sha1 + "\n", sha1.toUpperCase(Locale.ROOT), sha1 + "  lib-1.0.jar\r\n", " " + sha1
        }) {
      Files.writeString(Jars.sha1File(jar), text);
      assertThat(JarVerifier.verify(jar).check()).isEqualTo("sha1+crc");
    }
    for (String text : new String[] {"", "\n", "<html>404</html>", sha1 + "0", sha1.substring(1)}) {
      Files.writeString(Jars.sha1File(jar), text);
      assertRejected(() -> JarVerifier.verify(jar), Reason.MALFORMED_SHA1);
    }
    Files.write(Jars.sha1File(jar), new byte[] {(byte) 0xff, (byte) 0xfe});
    assertRejected(() -> JarVerifier.verify(jar), Reason.MALFORMED_SHA1);
  }

  @Test
  void anotherSha1IsAMismatch() throws Exception {
    Jars.good(jar);
    Files.writeString(Jars.sha1File(jar), "0".repeat(40));
    assertRejected(() -> JarVerifier.verify(jar), Reason.SHA1_MISMATCH);
  }

  @Test
  void everyDamagedByteIsFoundByTheSha1() throws Exception {
    Jars.good(jar);
    byte[] good = Files.readAllBytes(jar);
    for (int i = 0; i < good.length; i += 7) {
      byte[] bad = good.clone();
      bad[i] ^= 0x10;
      Files.write(jar, bad);
      assertRejected(() -> JarVerifier.verify(jar), Reason.SHA1_MISMATCH);
    }
  }

  @Test
  void damagedEntryIsFoundByItsCrc() throws Exception {
    Jars.write(jar);
    Jars.damage(jar);
    assertThatThrownBy(() -> JarVerifier.verify(jar)).hasMessageContaining("stored.txt");
    assertRejected(() -> JarVerifier.verify(jar), Reason.CRC_MISMATCH);
  }

  @Test
  void damageNeverEndsInAnythingButARejection() throws Exception {
    Jars.write(jar);
    byte[] good = Files.readAllBytes(jar);
    int rejected = 0;
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] = (byte) ~bad[i];
      Files.write(jar, bad);
      try {
        assertThat(JarVerifier.verify(jar)).isNotNull();
      } catch (RejectedException e) {
        rejected++;
      }
    }
    assertThat(rejected).isGreaterThan(good.length / 4);
  }

  @Test
  void truncatedEmptyAndForeignFilesAreBroken() throws Exception {
    Jars.write(jar);
    byte[] good = Files.readAllBytes(jar);
    for (int length : new int[] {0, 1, 10, good.length / 2, good.length - 1}) {
      Files.write(jar, Arrays.copyOf(good, length));
      assertRejected(() -> JarVerifier.verify(jar), Reason.BROKEN_ZIP);
    }
    Files.writeString(jar, "this is no zip file".repeat(1000));
    assertRejected(() -> JarVerifier.verify(jar), Reason.BROKEN_ZIP);
  }

  @Test
  void jarWithoutEntriesIsSound() throws Exception {
    Files.createDirectories(jar.getParent());
    var bytes = new ByteArrayOutputStream();
    new ZipOutputStream(bytes).close();
    Files.write(jar, bytes.toByteArray());
    assertThat(JarVerifier.verify(jar).entries()).isZero();
  }

  @Test
  void launcherScriptInFrontIsNoDamage() throws Exception {
    Jars.write(jar);
    byte[] script = "#!/bin/sh\nexec java -jar $0\n".getBytes(StandardCharsets.UTF_8);
    byte[] content = Files.readAllBytes(jar);
    byte[] both = Arrays.copyOf(script, script.length + content.length);
    System.arraycopy(content, 0, both, script.length, content.length);
    Files.write(jar, both);
    assertThat(JarVerifier.verify(jar).entries()).isEqualTo(3);
  }

  @Test
  void missingFilesAndDirectoriesAreUnreadable() throws Exception {
    assertRejected(() -> JarVerifier.verify(jar), Reason.UNREADABLE);
    Files.createDirectories(jar);
    assertRejected(() -> JarVerifier.verify(jar), Reason.UNREADABLE);
  }

  @Test
  void recordsThatNameNoJarOfTheRepositoryAreMalformed() throws Exception {
    for (String path :
        new String[] {
          null, "", " ", "a/b.pom", "../x.jar", "/etc/x.jar", "a/../../x.jar", "a\0b.jar"
        }) {
      assertRejected(() -> Artifact.resolve(directory, path), Reason.MALFORMED_RECORD);
    }
    assertThat(Artifact.resolve(directory, "a/b.jar")).isEqualTo(directory.resolve("a/b.jar"));
  }

  @Test
  void groupIsWhatStandsBeforeArtifactVersionAndFile() {
    assertThat(Artifact.of(directory, jar))
        .isEqualTo(new Artifact("org.example", "org/example/lib/1.0/lib-1.0.jar"));
    assertThat(Artifact.of(directory, directory.resolve("odd.jar")).groupId()).isEqualTo("odd.jar");
  }
}
