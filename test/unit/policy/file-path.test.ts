import { describe, expect, it, test } from 'vitest';
import { compileFolder, pathsOf } from '../../../src/policy/file-path.js';

function isUnder(folder: string, text: string): boolean {
  const under = compileFolder(folder);
  if (under === undefined) expect.fail(`${folder} is not a folder`);
  return under(text);
}

describe('not a folder', () => {
  test.each(['', ' ', '.', './', 'a/..', '/srv/{a', '/srv/{id}'])('%j', (path) => {
    expect(compileFolder(path)).toBeUndefined();
  });
});

describe('no spelling of a path evades its folder', () => {
  test.each<[string, string]>([
    ['/etc', '/etc'],
    ['/etc', '/etc/passwd'],
    ['/etc/', '/etc'],
    ['/etc', '/srv/../etc/passwd'],
    ['/etc', '/srv/./a/../..//etc///passwd'],
    ['/etc', '/../../etc/passwd'],
    ['/etc', '//etc/passwd'],
    ['/etc', ' /etc/passwd\n'],
    ['/etc', '\\etc\\passwd'],
    ['/etc', '/srv\\..\\etc\\passwd'],
    ['/etc', '/etc/a\\..\\..\\srv'],
    ['/etc', '/%65tc/passwd'],
    ['/etc', '/srv/%2e%2e/etc/passwd'],
    ['/etc', '/srv/..%2fetc%2fpasswd'],
    ['/etc', '%2fetc%2fpasswd'],
    ['/etc', '/srv/%ff%2f%2e%2e/%2e%2e/etc/passwd'],
    ['/etc', 'file:///srv/%ff%2f%2e%2e%2f%2e%2e/etc/passwd'],
    ['/etc/%zz', '/etc/%zz/a'],
    ['/etc', 'file:///etc/passwd'],
    ['/etc', 'FILE:///etc/passwd'],
    ['/etc', 'file:/etc/passwd'],
    ['/etc', 'file://localhost/etc/passwd'],
    ['/etc', 'file:///srv/../etc/passwd?x#y'],
    ['/etc', 'file:///srv/%2E%2E/%65tc/passwd'],
    ['/etc', 'file:///srv/..%2Fetc/passwd'],
    ['/etc', 'file://[malformed/etc/../../etc/passwd'],
    ['file:///etc', '/etc/passwd'],
    ['/', '/anything'],
    ['/', '/'],
    ['/srv/*/private', '/srv/ann/private/x'],
    ['/srv/{a,b}', '/srv/b'],
    ['C:\\Windows', 'c:/windows/system32'],
    ['c:/windows', 'C:\\WINDOWS\\x'],
    ['C:\\Windows', 'C:\\Temp\\..\\Windows\\x'],
    ['C:\\Windows', '\\\\?\\C:\\Windows\\x'],
    ['C:\\Windows', '\\\\.\\C:\\Windows\\x'],
    ['C:\\Windows', 'C:\\Windows.\\x'],
    ['C:\\Windows', 'C:\\Windows \\x'],
    ['C:\\Windows', 'C:\\Temp\\.. \\Windows\\x'],
    ['C:\\Windows', 'C:\\Windows::$INDEX_ALLOCATION\\x'],
    ['C:\\Windows', 'file:///C:/Windows/x'],
    ['C:\\Windows', 'file:///c|/Windows/x'],
    ['C:\\', 'C:\\x'],
    ['\\\\server\\share', '\\\\SERVER\\share\\x'],
    ['\\\\server\\share', '//server/share/x'],
    ['\\\\server\\share', 'file://server/share/x'],
    ['\\\\server\\share', '\\\\?\\UNC\\server\\share\\x'],
    ['~/.ssh', '~/.ssh/id_rsa'],
    ['~/.ssh', '~ann/.ssh/id_rsa'],
    ['~/.ssh', '~root/.ssh'],
    ['~/.ssh', '/home/ann/.ssh/id_rsa'],
    ['~/.ssh', '/root/.ssh/id_rsa'],
    ['~/.ssh', '/Users/ann/.ssh/id_rsa'],
    ['~/.ssh', 'C:\\Users\\Ann\\.SSH\\id_rsa'],
    ['~\\.ssh\\', 'file:///home/ann/x/../.ssh/id_rsa'],
    ['~/.ssh', '$HOME/.ssh/id_rsa'],
    ['~/.ssh', `\${HOME}/.ssh/id_rsa`],
    ['$HOME/.ssh', '/home/ann/.ssh/id_rsa'],
    ['~/.ssh', '%USERPROFILE%\\.ssh\\id_rsa'],
    ['~', '/home/ann/x'],
    ['~ann/.ssh', '/home/ann/.ssh/x'],
    ['/etc', '~/../../etc/passwd'],
    ['/etc', '~/../etc/passwd'],
    ['secrets', 'secrets/key'],
    ['./secrets/', 'a/../secrets'],
    ['secrets', '.\\secrets\\key'],
    ['../shared', '../shared/x'],
  ])('%s, %s', (folder, text) => {
    expect(isUnder(folder, text)).toBe(true);
  });
});

describe('a path is not in a folder', () => {
  test.each<[string, string]>([
    ['/etc', '/etcetera'],
    ['/etc', '/srv/etc'],
    ['/etc', '/etc/../srv'],
    ['/etc', 'etc/passwd'],
    ['/etc', '../../etc/passwd'],
    ['/etc', '/ETC/passwd'],
    ['/etc', '/srv/%252e%252e/etc/passwd'],
    ['/etc', 'https://localhost/etc/passwd'],
    ['/etc', 'the /etc folder'],
    ['/etc', ''],
    ['C:\\Windows', 'D:\\Windows'],
    ['C:\\Windows', '/Windows'],
    ['\\\\server\\share', '\\\\server\\other'],
    ['~/.ssh', '/srv/.ssh'],
    ['~/.ssh', '/home/.ssh'],
    ['~/.ssh', '~/ssh'],
    ['~ann/.ssh', '/home/ben/.ssh/x'],
    ['secrets', '/secrets/key'],
    ['secrets', 'a/secrets'],
    ['secrets', '../secrets'],
  ])('%s, %s', (folder, text) => {
    expect(isUnder(folder, text)).toBe(false);
  });
});

describe('a path that is too long to read', () => {
  const long = '../x/'.repeat(1_000);
  test.each<[string, string, boolean]>([
    ['/etc', `/srv/${long}`, true],
    ['/etc', `file:///srv/${long}`, true],
    ['~/.ssh', `~/${long}`, true],
    ['/etc', long, false],
    ['secrets', long, true],
    ['secrets', `/srv/${long}`, false],
    ['/etc', 'A long text about something else. '.repeat(1_000), false],
  ])('is in every folder of its kind: %s', (folder, text, expected) => {
    expect(isUnder(folder, text)).toBe(expected);
  });
});

it('reads a path as each system would', () => {
  expect(pathsOf('/a//./b/../c/')).toEqual(['/a/c']);
  expect(pathsOf('C:\\A\\..\\B')).toEqual(['c:/b']);
  expect(pathsOf('//srv/x')).toEqual(['//srv/x', '/srv/x']);
  expect(pathsOf('/a%2fb')).toEqual(['/a%2fb', '/a/b']);
  expect(pathsOf('a\\..\\b')).toEqual(['a\\..\\b', 'b']);
  expect(pathsOf('../../x')).toEqual(['../../x']);
  expect(pathsOf('/\ud800%ff')).toEqual(['/\ud800%ff']);
  expect(pathsOf('')).toEqual([]);
});
