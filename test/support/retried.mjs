/** Says at the end of a run which tests passed only when they ran again: Vitest's own reporter shows none that was quick. */

/** Of an error, in characters. */
const MAX_ERROR = 2000;

/** @implements {import('vitest/node').Reporter} */
export default class Retried {
  /** @type {import('vitest/node').Vitest | undefined} */
  #vitest;

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest;
  }

  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    for (const module of modules) {
      for (const test of module.children.allTests('passed')) {
        if (!test.diagnostic()?.retryCount) continue;
        const errors = test.result().errors ?? [];
        const texts = errors.map(({ stack, message }) => (stack ?? message).slice(0, MAX_ERROR));
        this.#vitest?.logger.log(`passed only when it ran again: ${module.relativeModuleId} > ${test.fullName}`);
        for (const text of texts) this.#vitest?.logger.log(text.replace(/^/gm, '  '));
      }
    }
  }
}
