package org.elasticsearch.node;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import mcptrail.MissingParts;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.KeyStoreWrapper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.plugins.ClassPathPlugins;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsService;
import org.elasticsearch.transport.netty4.Netty4Plugin;
import org.elasticsearch.xpack.core.XPackPlugin;
import org.elasticsearch.xpack.esql.core.plugin.EsqlCorePlugin;
import org.elasticsearch.xpack.esql.plugin.EsqlPlugin;
import org.elasticsearch.xpack.security.SecurityWithoutSaml;

/**
 * Runs one Elasticsearch node with plugins from the class path: Elasticsearch's own launcher needs its distribution, which Maven
 * Central does not have. In this package, because what it overrides is package-private.
 *
 * <p>Arguments: a folder with `elasticsearch.yml`, and the file with the password of the user `elastic`.
 */
public final class StackNode {
  private static final List<Class<? extends Plugin>> PLUGINS =
      List.of(
          Netty4Plugin.class,
          XPackPlugin.class,
          SecurityWithoutSaml.class,
          EsqlCorePlugin.class,
          EsqlPlugin.class,
          MissingParts.class);

  private StackNode() {}

  public static void main(String[] args) throws Exception {
    Path config = Path.of(args[0]).toAbsolutePath();
    KeyStoreWrapper secrets = KeyStoreWrapper.create(); // only in memory
    secrets.setString("bootstrap.password", Files.readString(Path.of(args[1])).strip().toCharArray());
    Settings settings =
        Settings.builder().loadFromPath(config.resolve("elasticsearch.yml")).setSecureSettings(secrets).build();
    LogConfigurator.loadLog4jPlugins();
    LogConfigurator.configureWithoutConfig(settings);
    LogConfigurator.configureESLogging();

    NodeServiceProvider services =
        new NodeServiceProvider() {
          @Override
          PluginsService newPluginService(Environment environment, PluginsLoader noFolders) {
            return new ClassPathPlugins(environment, PLUGINS);
          }
        };
    Environment environment = new Environment(settings, config);
    Node node =
        new Node(NodeConstruction.prepareConstruction(environment, ClassPathPlugins.NO_FOLDERS, services, true));
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
    node.start();
    closed.await(); // the node's threads do not keep the process alive
  }

  private static void close(Node node, CountDownLatch closed) {
    try {
      node.close();
    } catch (Exception error) {
      error.printStackTrace();
    }
    closed.countDown();
  }
}
