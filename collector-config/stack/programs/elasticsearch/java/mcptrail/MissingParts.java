package mcptrail;

import static org.elasticsearch.index.mapper.NumberFieldMapper.NumberType.DOUBLE;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.IndexScopedSettings;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.settings.SettingsFilter;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.index.mapper.KeywordFieldMapper;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.mapper.TextFieldMapper;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.MapperPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xpack.core.ilm.DeleteAction;
import org.elasticsearch.xpack.core.ilm.ForceMergeAction;
import org.elasticsearch.xpack.core.ilm.LifecycleAction;
import org.elasticsearch.xpack.core.ilm.LifecycleSettings;
import org.elasticsearch.xpack.core.ilm.LifecycleType;
import org.elasticsearch.xpack.core.ilm.ReadOnlyAction;
import org.elasticsearch.xpack.core.ilm.RolloverAction;
import org.elasticsearch.xpack.core.ilm.TimeseriesLifecycleType;

/**
 * The parts of plugins without a jar in Maven Central that security, the files of `elastic/` and the templates for OpenTelemetry
 * need. Simplified: field types are those of Elasticsearch that come closest, and lifecycle policies are only checked.
 */
public final class MissingParts extends Plugin implements ActionPlugin, AnalysisPlugin, MapperPlugin {
  /** Of the module `mapper-extras` and of plugins of x-pack. */
  @Override
  public Map<String, Mapper.TypeParser> getMappers() {
    return Map.of(
        "constant_keyword", instead(KeywordFieldMapper.PARSER, "value"),
        "match_only_text", TextFieldMapper.PARSER,
        "scaled_float", instead(DOUBLE.parser(), "scaling_factor"),
        "version", KeywordFieldMapper.PARSER,
        "wildcard", KeywordFieldMapper.PARSER);
  }

  /** A parser without a parameter that its field type does not have. */
  private static Mapper.TypeParser instead(Mapper.TypeParser parser, String unknown) {
    return (name, node, context) -> {
      node.remove(unknown);
      return parser.parse(name, node, context);
    };
  }

  /** Of the module `analysis-common`, for the index in which security keeps users and keys. */
  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of(
        "pattern_capture", (index, environment, name, settings) -> {
          boolean keepOriginal = settings.getAsBoolean("preserve_original", true);
          Pattern[] patterns =
              settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
          return filter(name, tokens -> new PatternCaptureGroupTokenFilter(tokens, keepOriginal, patterns));
        },
        "unique", (index, environment, name, settings) -> filter(name, RemoveDuplicatesTokenFilter::new));
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of(
        "uax_url_email",
        (index, environment, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }

  private static TokenFilterFactory filter(String name, UnaryOperator<TokenStream> create) {
    return new TokenFilterFactory() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public TokenStream create(TokenStream tokens) {
        return create.apply(tokens);
      }
    };
  }

  /** Of the plugin for index lifecycles. */
  @Override
  public List<Setting<?>> getSettings() {
    return List.of(LifecycleSettings.LIFECYCLE_NAME_SETTING);
  }

  @Override
  public List<NamedXContentRegistry.Entry> getNamedXContent() {
    return List.of(
        new NamedXContentRegistry.Entry(
            LifecycleType.class, new ParseField(TimeseriesLifecycleType.TYPE), parser -> TimeseriesLifecycleType.INSTANCE),
        new NamedXContentRegistry.Entry(
            LifecycleAction.class, new ParseField(RolloverAction.NAME), RolloverAction::parse),
        new NamedXContentRegistry.Entry(
            LifecycleAction.class, new ParseField(ReadOnlyAction.NAME), ReadOnlyAction::parse),
        new NamedXContentRegistry.Entry(
            LifecycleAction.class, new ParseField(ForceMergeAction.NAME), ForceMergeAction::parse),
        new NamedXContentRegistry.Entry(
            LifecycleAction.class, new ParseField(DeleteAction.NAME), DeleteAction::parse));
  }

  @Override
  public Collection<RestHandler> getRestHandlers(
      Settings settings,
      NamedWriteableRegistry writeables,
      RestController controller,
      ClusterSettings clusterSettings,
      IndexScopedSettings indexSettings,
      SettingsFilter filter,
      IndexNameExpressionResolver resolver,
      Supplier<DiscoveryNodes> nodes,
      Predicate<NodeFeature> features) {
    return List.of(new CheckLifecyclePolicy());
  }
}
