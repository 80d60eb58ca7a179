/** One application on one SDK with one variant, its telemetry checked, ready to be timed or profiled. */
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

  // Loaded here and not above: the bare application runs without a line of OpenTelemetry.
  const { startOpenTelemetry } = await import('./opentelemetry.mjs');
  const { CALLS, checkTelemetry, checkNothingLost } = await import('./telemetry.mjs');
  const opentelemetry = startOpenTelemetry();
  const addition = await variant.load();
  const application = await startApplication(sdk, addition);
  await checkTelemetry(application, opentelemetry, sdk, variant.recorded);
  const exportedBefore = await opentelemetry.countExported();
  return {
    call: application.call,
    /** Fails unless all `calls` since the start were recorded as the variant says. @param {number} calls */
    async verify(calls) {
      await checkNothingLost(opentelemetry, variant.recorded, exportedBefore, calls);
      addition.verify?.(CALLS + calls);
    },
    close: application.close,
  };
}
