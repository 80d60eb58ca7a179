/** Providers set up by hand do not read OTEL_SERVICE_NAME by themselves. */
const { resourceFromAttributes } = require('@opentelemetry/resources');

exports.resource = resourceFromAttributes({
  'service.name': process.env.OTEL_SERVICE_NAME,
});
