package org.elasticsearch.xpack.esql.arrow;

import java.util.List;
import org.elasticsearch.rest.ChunkedRestResponseBodyPart;

/** ES|QL refers to this response, whose jar is not in Maven Central. */
public abstract class ArrowResponse implements ChunkedRestResponseBodyPart {
  public ArrowResponse(List<Column> columns, List<?> pages) {}

  public record Column(String esqlType, String name) {}
}
