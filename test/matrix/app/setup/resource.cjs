/** Manually created providers do not read OTEL_SERVICE_NAME. */
const { resourceFromAttributes } = require('@opentelemetry/resources');

exports.resource = resourceFromAttributes({
  'service.name': process.env.OTEL_SERVICE_NAME,
});
