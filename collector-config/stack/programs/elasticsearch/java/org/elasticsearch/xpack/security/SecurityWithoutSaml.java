package org.elasticsearch.xpack.security;

import java.util.List;
import java.util.Locale;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.common.settings.Settings;

/** Security without its SAML actions, whose libraries are not in Maven Central. */
public final class SecurityWithoutSaml extends Security {
  public SecurityWithoutSaml(Settings settings) {
    super(settings);
  }

  @Override
  public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
    return super.getActions().stream()
        .filter(handler -> !handler.getTransportAction().getName().toLowerCase(Locale.ROOT).contains("saml"))
        .toList();
  }
}
