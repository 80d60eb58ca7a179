import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { HandOver, Held } from '../../../src/audit/record-before-answer.js';
import type { HttpFacts } from '../../../src/session/peer.js';

afterEach(() => diag.disable());

/** An HTTP response that is at some point of its life, and what makes it go on. */
function response({ open = true, over = false } = {}) {
  const listeners: ((made: boolean) => void)[] = [];
  const http = {
    onHead(listener: (made: boolean) => void) {
      if (open) listeners.push(listener);
      return open;
    },
    isOver: () => over,
  } as unknown as HttpFacts;
  const tell = (made: boolean) => {
    for (const listener of listeners.splice(0)) listener(made);
  };
  return { http, makeHead: () => tell(true), close: () => tell(false) };
}

function newLog() {
  const log: string[] = [];
  return { log, record: (name = 'record') => new Held(() => log.push(name)), lost: () => void log.push('lost') };
}

describe('the record of an answer', () => {
  it('is made at once if the answer does not leave in an HTTP response', () => {
    const { log, record, lost } = newLog();
    new HandOver().before(undefined, record(), lost);
    expect(log).toEqual(['record']);
  });

  it('is made at once if the head of the response is sent', () => {
    const { log, record, lost } = newLog();
    new HandOver().before(response({ open: false }).http, record(), lost);
    expect(log).toEqual(['record']);
  });

  it('is made with the head of the response, once', () => {
    const { log, record, lost } = newLog();
    const { http, makeHead } = response();
    const handOver = new HandOver();
    handOver.before(http, record(), lost);
    expect(log).toEqual([]);
    makeHead();
    handOver.flush();
    expect(log).toEqual(['record']);
  });

  it('is made, then reported lost, when the response closes without a head', () => {
    const { log, record, lost } = newLog();
    const { http, close } = response();
    new HandOver().before(http, record(), lost);
    close();
    expect(log).toEqual(['record', 'lost']);
  });

  it('is made, then reported lost, when the response is already over', () => {
    const { log, record, lost } = newLog();
    new HandOver().before(response({ open: false, over: true }).http, record(), lost);
    expect(log).toEqual(['record', 'lost']);
  });

  it('is made when the process may end before the head is made', () => {
    const { log, record, lost } = newLog();
    const { http, makeHead } = response();
    const handOver = new HandOver();
    handOver.before(http, record(), lost);
    handOver.flush();
    expect(log).toEqual(['record']);
    makeHead();
    expect(log).toEqual(['record']);
  });

  it('is made when it is released before the head', () => {
    const { log, record, lost } = newLog();
    const { http, makeHead } = response();
    const held = record();
    new HandOver().before(http, held, lost);
    held.release();
    held.release();
    makeHead();
    expect(log).toEqual(['record']);
  });

  it('is made beyond the bound of waiting records, oldest first', () => {
    const { log, record, lost } = newLog();
    const handOver = new HandOver();
    for (let number = 1; number <= 1001; number++) handOver.before(response().http, record(`record ${number}`), lost);
    expect(log).toEqual(['record 1']);
  });

  it('reports its failure without the error message, and throws nothing', () => {
    const reports: string[] = [];
    const quiet = () => {};
    const warn = (text: string) => void reports.push(text);
    diag.setLogger({ error: quiet, warn, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);
    const failing = new Held(() => {
      throw new RangeError('secret');
    });
    new HandOver().before(undefined, failing, () => {});
    expect(reports.join()).toMatch(/writing an audit record failed \(RangeError\)/);
    expect(reports.join()).not.toContain('secret');
  });
});
