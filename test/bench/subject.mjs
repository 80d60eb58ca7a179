/** Prepares an application with one SDK and variant for timing or profiling, and checks its telemetry. */
import { startApplication } from './application.mjs';
import { sdks, variants } from './variants.mjs';

/**
 * @param {string} sdkName
 * @param {string} variantName
 */
export async function prepare(sdkName, variantName) {
  const variant = variants[variantName];
  const { sdk } = await sdks[sdkName]();
  if (!variant.opentelemetry) {
    const application = await startApplication(sdk, await variant.load());
    return {
      call: application.call,
      verify: async () => {},
      close: application.close,
    };
  }

  // Dynamic import, so that the bare application runs without OpenTelemetry.
  const { startOpenTelemetry } = await import('./opentelemetry.mjs');
  const { CALLS, checkTelemetry, checkNothingLost } = await import('./telemetry.mjs');
  const opentelemetry = startOpenTelemetry();
  const addition = await variant.load();
  const application = await startApplication(sdk, addition);
  await checkTelemetry(application, opentelemetry, sdk, variant.recorded);
  const exportedBefore = await opentelemetry.countExported();
  return {
    call: application.call,
    /** Throws unless all `calls` since the start were recorded as the variant requires. @param {number} calls */
    async verify(calls) {
      await checkNothingLost(opentelemetry, variant.recorded, exportedBefore, calls);
      addition.verify?.(CALLS + calls);
    },
    close: application.close,
  };
}
