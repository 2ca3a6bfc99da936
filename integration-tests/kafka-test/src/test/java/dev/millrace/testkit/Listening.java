package dev.millrace.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The listening sockets of this machine, from Linux. */
record Listening(String address, int port, String inode) {

  /**
   * 127.x.x.x, as an IPv4 address and as an address mapped to IPv6; and ::1. The bytes are in host
   * order.
   */
  boolean isOnLoopback() {
    return address.matches("[0-9A-F]{6}7F|0{16}FFFF0000[0-9A-F]{6}7F|0{24}01000000");
  }

  static List<Listening> all() throws IOException {
    List<Listening> all = new ArrayList<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      for (String line : Files.readAllLines(Path.of(table))) {
        String[] columns = line.strip().split("\\s+", -1);
        if (columns[3].equals("0A")) {
          String[] local = columns[1].split(":", -1);
          all.add(new Listening(local[0], Integer.parseInt(local[1], 16), columns[9]));
        }
      }
    }
    return all;
  }

  static List<Listening> ofPort(int port) throws IOException {
    return all().stream().filter(each -> each.port == port).toList();
  }

  static List<Listening> ofProcess(long pid) throws IOException {
    Set<String> sockets = new HashSet<>();
    try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      for (Path file : files.toList()) {
        try {
          sockets.add(Files.readSymbolicLink(file).toString());
        } catch (NoSuchFileException e) {
          // the process has closed it meanwhile
        }
      }
    }
    return all().stream().filter(each -> sockets.contains("socket:[" + each.inode + "]")).toList();
  }
}
