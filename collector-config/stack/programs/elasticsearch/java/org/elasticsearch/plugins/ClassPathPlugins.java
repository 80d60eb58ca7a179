package org.elasticsearch.plugins;

import java.lang.reflect.Constructor;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.elasticsearch.env.Environment;

/**
 * Plugins that are simply on the class path. Elasticsearch loads each from its own folder of the distribution, with its own class
 * loader, and gives a plugin's service providers to that plugin.
 */
public final class ClassPathPlugins extends PluginsService {
  /** No folder has plugins. */
  public static final PluginsLoader NO_FOLDERS = PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false);

  private final List<LoadedPlugin> loaded;

  public ClassPathPlugins(Environment environment, List<Class<? extends Plugin>> classes) {
    super(environment.settings(), environment.configDir(), NO_FOLDERS);
    loaded = classes.stream().map(plugin -> load(plugin, environment)).toList();
    ExtensiblePlugin.ExtensionLoader extensions =
        new ExtensiblePlugin.ExtensionLoader() {
          @Override
          @SuppressWarnings("unchecked")
          public <T> List<T> loadExtensions(Class<T> type) {
            return (List<T>) loadServiceProviders(type);
          }
        };
    filterPlugins(ExtensiblePlugin.class).forEach(plugin -> plugin.loadExtensions(extensions));
  }

  private static LoadedPlugin load(Class<? extends Plugin> plugin, Environment environment) {
    PluginDescriptor descriptor =
        new PluginDescriptor(
            plugin.getSimpleName(), "", "", "", "", plugin.getName(), null, List.of(), false, false, false, false);
    Plugin instance = loadPlugin(plugin, environment.settings(), environment.configDir());
    return new LoadedPlugin(descriptor, instance, plugin.getClassLoader());
  }

  @Override
  protected List<LoadedPlugin> plugins() {
    return loaded;
  }

  @Override
  public <T> List<? extends T> loadServiceProviders(Class<T> service) {
    return ServiceLoader.load(service).stream().map(this::provider).toList();
  }

  /** A provider may have a constructor for its plugin; the one without arguments is then only for the service loader. */
  private <T> T provider(ServiceLoader.Provider<T> provider) {
    try {
      for (Constructor<?> constructor : provider.type().getConstructors()) {
        if (constructor.getParameterCount() != 1) continue;
        for (LoadedPlugin plugin : loaded) {
          if (constructor.getParameterTypes()[0].isInstance(plugin.instance())) {
            return provider.type().cast(constructor.newInstance(plugin.instance()));
          }
        }
      }
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(error);
    }
    return provider.get();
  }
}
