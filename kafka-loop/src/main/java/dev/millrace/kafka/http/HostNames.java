package dev.millrace.kafka.http;

import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The hosts that a request may name: {@code localhost}, any IP address, and the configured names.
 *
 * <p>A page of another site can have a host name that an attacker points to this machine (DNS
 * rebinding). The browser would then let the page read our answers. Such a request has the
 * attacker's name in its Host header, so it is refused. A request with an IP address is safe: it
 * has no name to rebind.
 */
final class HostNames {

  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[-A-Za-z0-9._]+)(:[0-9]{1,5})?");
  private static final Pattern ADDRESS =
      Pattern.compile("\\[[0-9A-Fa-f:.]+]|[0-9]{1,3}(\\.[0-9]{1,3}){3}");

  private final Set<String> names;

  HostNames(Collection<String> more) {
    this.names = more.stream().map(one -> one.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }

  boolean contain(String hostHeader) {
    Matcher host = HOST.matcher(hostHeader);
    if (!host.matches()) {
      return false;
    }
    String name = host.group(1).toLowerCase(Locale.ROOT);
    return name.equals("localhost") || ADDRESS.matcher(name).matches() || names.contains(name);
  }
}
