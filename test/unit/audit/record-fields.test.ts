import { describe, expect, it } from 'vitest';
import { RecordFields } from '../../../src/audit/record-fields.js';

describe('the fields of a record', () => {
  it('are written as JSON without spaces, with keys in code unit order', () => {
    const text = new RecordFields()
      .add({ 'user.name': 'x', 'audit.action': 'EXECUTE', time: 't', 'client.port': 7 })
      .toText();
    expect(text).toBe('{"audit.action":"EXECUTE","client.port":7,"time":"t","user.name":"x"}');
  });

  it('do not depend on the order of setting', () => {
    const forth = new RecordFields().add({ 'user.name': 'x', time: 't' });
    const back = new RecordFields().add({ time: 't', 'user.name': 'x' });
    expect(back.toText()).toBe(forth.toText());
  });

  it('include headers that the definition does not list, in order', () => {
    const fields = new RecordFields().add({ 'http.response.status_code': 200, 'http.request.method': 'POST' });
    fields.setOpen('http.response.header.x-cache', ['HIT']);
    fields.setOpen('http.response.header.content-type', ['text/plain']);
    expect(fields.toText()).toBe(
      '{"http.request.method":"POST","http.response.header.content-type":["text/plain"],' +
        '"http.response.header.x-cache":["HIT"],"http.response.status_code":200}',
    );
    expect(fields.openKeys()).toEqual(['http.response.header.x-cache']);
  });

  it('are left out without a value', () => {
    expect(new RecordFields().toText()).toBe('{}');
    expect(new RecordFields().add({ 'user.id': undefined, 'user.name': 'x' }).toText()).toBe('{"user.name":"x"}');
  });

  it.each(['Zoë \u20ac \u{1f600} "\\\u0007', 'a\nb\u2028c', '\ud800 alone', '', '</script>', '\u007f\u00e9'])(
    'are written as JSON writes them: %o',
    (value) => {
      expect(new RecordFields().add({ 'user.name': value, 'user.roles': [value] }).toText()).toBe(
        JSON.stringify({ 'user.name': value, 'user.roles': [value] }),
      );
    },
  );

  it('are those of the record, whatever the records before it had', () => {
    const values = ['a', 'b', 'a', '"', 'a', 'x'.repeat(1000), 'a', ''];
    const roles = ['first'];
    for (const [index, value] of values.entries()) {
      roles[0] = value;
      const record = {
        'client.port': index % 2,
        'mcp_audit.sensitive': index % 2 === 0,
        'user.name': value,
        'user.roles': roles,
      };
      expect(new RecordFields().add(record).toText()).toBe(JSON.stringify(record));
    }
  });

  it('that are cut are all named, one after the other, each once', () => {
    const fields = new RecordFields().add({ 'mcp_audit.truncated': ['user.roles'] });
    fields.add({ 'mcp_audit.truncated': ['mcp.resource.uri', 'user.roles'] });
    fields.set('mcp_audit.truncated', ['audit.target.id']);
    expect(fields.get('mcp_audit.truncated')).toEqual(['audit.target.id', 'mcp.resource.uri', 'user.roles']);
    fields.set('mcp_audit.truncated', undefined);
    expect(fields.get('mcp_audit.truncated')).toBeUndefined();
  });

  it('can be removed', () => {
    const fields = new RecordFields().add({ 'user.name': 'x', 'user.id': 'y' });
    fields.setOpen('http.response.header.x-cache', ['HIT']);
    expect(fields.drop('user.name')).toBe(true);
    expect(fields.drop('user.name')).toBe(false);
    expect(fields.drop('http.response.header.x-cache')).toBe(true);
    expect(fields.drop('http.response.header.x-cache')).toBe(false);
    expect(fields.toText()).toBe('{"user.id":"y"}');
  });

  it('can be copied', () => {
    const first = new RecordFields().add({ 'user.name': 'x' });
    first.setOpen('http.response.header.x-cache', ['HIT']);
    const second = new RecordFields(first);
    second.set('user.name', 'y');
    second.setOpen('http.response.header.x-age', ['1']);
    second.drop('http.response.header.x-cache');
    expect(first.toText()).toBe('{"http.response.header.x-cache":["HIT"],"user.name":"x"}');
    expect(second.toText()).toBe('{"http.response.header.x-age":["1"],"user.name":"y"}');
    expect(second.get('user.name')).toBe('y');
  });

  it('become attributes, except those that log records have members for', () => {
    const fields = new RecordFields().add({ time: 't', trace_id: 'x', 'service.name': 's', 'user.name': 'n' });
    fields.setOpen('http.response.header.x-cache', ['HIT']);
    const attributes = {};
    fields.addAttributesTo(attributes);
    expect(attributes).toEqual({ 'user.name': 'n', 'http.response.header.x-cache': ['HIT'] });
  });
});
