package org.elasticsearch.xpack.esql.arrow;

import java.util.Map;
import java.util.Set;
import org.elasticsearch.xcontent.MediaType;

/** ES|QL refers to this response format, whose jar is not in Maven Central. */
public final class ArrowFormat implements MediaType {
  public static final ArrowFormat INSTANCE = new ArrowFormat();

  @Override
  public String queryParameter() {
    return "arrow";
  }

  @Override
  public Set<HeaderValue> headerValues() {
    return Set.of();
  }
}
