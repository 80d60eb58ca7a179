package mcptrail;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicy;
import org.elasticsearch.xpack.core.ilm.action.PutLifecycleRequest;

/** Checks a lifecycle policy with Elasticsearch's own classes, and forgets it. */
final class CheckLifecyclePolicy extends BaseRestHandler {
  @Override
  public String getName() {
    return "check_lifecycle_policy";
  }

  @Override
  public List<Route> routes() {
    return List.of(new Route(RestRequest.Method.PUT, "/_ilm/policy/{name}"));
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
    String name = request.param("name");
    PutLifecycleRequest.Factory factory =
        new PutLifecycleRequest.Factory() {
          @Override
          public PutLifecycleRequest create(LifecyclePolicy policy) {
            return new PutLifecycleRequest(TimeValue.ZERO, TimeValue.ZERO, policy);
          }

          @Override
          public String getPolicyName() {
            return name;
          }
        };
    try (XContentParser parser = request.contentParser()) {
      PutLifecycleRequest.parseRequest(factory, parser).getPolicy().validate();
    }
    return channel -> new RestToXContentListener<>(channel).onResponse(AcknowledgedResponse.TRUE);
  }
}
