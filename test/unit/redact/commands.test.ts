import { describe, expect, test } from 'vitest';
import { scrub } from '../../../src/redact/scrub.js';
import { copyStructure } from '../../../src/redact/structure.js';
import { AT, hex, noise } from './samples.js';

const clean = (text: string) => scrub(text, text.length, true);
const HIDDEN = '[REDACTED:assignment]';

describe('a secret is hidden where a program takes it', () => {
  test.each([
    ['curl -u joe:hunter2 https://x.example.com', `curl -u ${HIDDEN} https://x.example.com`],
    ['curl -sSu joe:hunter2 https://x.example.com', `curl -sSu ${HIDDEN} https://x.example.com`],
    ["curl -X POST --user 'joe:hunter 2' x", `curl -X POST --user '${HIDDEN}' x`],
    ['curl --proxy-user=joe:hunter2 x', `curl --proxy-user=${HIDDEN} x`],
    ['["curl", "-u", "joe:hunter2", "x"]', `["curl", "-u", "${HIDDEN}", "x"]`],
    [JSON.stringify('["curl","-u","joe:hunter2"]'), JSON.stringify(`["curl","-u","${HIDDEN}"]`)],
    ['curl --user "{joe}":"{hunter2}" x', `curl --user ${HIDDEN} x`],
    ["curl --user joe:'hunter 2' x", `curl --user ${HIDDEN} x`],
    [`curl -u ${noise(20)}: x`, `curl -u ${HIDDEN} x`],
    ['curl -k x \\\n  -H "Accept: a" \\\n  -u joe:hunter2', `curl -k x \\\n  -H "Accept: a" \\\n  -u ${HIDDEN}`],
    ['http -a joe:hunter2 x.example.com', `http -a ${HIDDEN} x.example.com`],
    ['mysql -u joe -phunter2 app', `mysql -u joe -p${HIDDEN} app`],
    ["mysqldump -p'hunter 2' app", `mysqldump -p'${HIDDEN}' app`],
    ['sshpass -p hunter2 ssh x', `sshpass -p ${HIDDEN} ssh x`],
    ['sshpass -phunter2 ssh x', `sshpass -p${HIDDEN} ssh x`],
    ['redis-cli -h r -a hunter2 ping', `redis-cli -h r -a ${HIDDEN} ping`],
    ['docker login -u joe -p hunter2 r.example.com', `docker login -u joe -p ${HIDDEN} r.example.com`],
    ['mongosh -u joe -p hunter2', `mongosh -u joe -p ${HIDDEN}`],
    ['ldapsearch -x -D cn=a -w hunter2', `ldapsearch -x -D cn=a -w ${HIDDEN}`],
    ['smbclient -U joe%hunter2 //h/s', `smbclient -U ${HIDDEN} //h/s`],
    ['zip -P hunter2 a.zip b', `zip -P ${HIDDEN} a.zip b`],
    ['openssl rsa -passin pass:hunter2', `openssl rsa -passin ${HIDDEN}`],
    [`sqlplus -S joe/hunter2${AT}db`, `sqlplus -S ${HIDDEN}${AT}db`],
    ['aws configure set aws_session_token hunter2', `aws configure set aws_session_token ${HIDDEN}`],
    [`jdbc:oracle:thin:joe/hunter2${AT}//db:1521/app`, `jdbc:oracle:thin:[REDACTED:userinfo]${AT}//db:1521/app`],
    ['machine x.example.com login joe password hunter2', `machine x.example.com login joe password ${HIDDEN}`],
    [
      JSON.stringify('machine x\n  login joe\n  password hunter2'),
      JSON.stringify(`machine x\n  login joe\n  password ${HIDDEN}`),
    ],
    ['default login joe account a password hunter2', `default login joe account a password ${HIDDEN}`],
    ['db.example.com:5432:app:joe:hunter2', `db.example.com:5432:app:joe:${HIDDEN}`],
    ['WIFI:T:WPA;S:net;P:hunter2;;', `WIFI:T:WPA;S:net;P:${HIDDEN};;`],
    ['<add key="Password" value="hunter2" />', `<add key="Password" value="${HIDDEN}" />`],
    [`code=${noise(30)}&state=x`, `code=${HIDDEN}&state=x`],
  ])('%s', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  test('the private half of a PuTTY key, to its end or to the end of the text', () => {
    const key = `PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\n${noise(40)}\nPrivate-Lines: 1\n${hex(44)}\nPrivate-MAC: ${hex(64)}`;
    expect(clean(`${key}\nafter`)).toMatch(/^PuTTY[\s\S]*Private-Lines:\[REDACTED:private-key\]\nafter$/);
    expect(clean(key.slice(0, key.indexOf('Private-MAC')))).not.toContain(hex(12));
  });

  test('the private members of a JSON Web Key, in text and as data', () => {
    const secret = noise(43);
    const text = JSON.stringify({ kty: 'EC', x: noise(40), d: secret });
    expect(clean(text)).toBe(text.replace(secret, '[REDACTED:private-key]'));
    expect(clean(text.replace('kty', 'type'))).toContain(secret);
    expect(copyStructure(JSON.parse(text), 8192)).toEqual({ kty: 'EC', x: noise(40), d: '[REDACTED]' });
    expect(copyStructure({ type: 'EC', d: secret }, 8192)).toEqual({ type: 'EC', d: secret });
  });
});

describe('a secret among the arguments of a program is hidden', () => {
  test.each([
    [{ command: 'curl', args: ['-s', '-u', 'joe:hunter2', 'x'] }, ['-s', '-u', '[REDACTED]', 'x']],
    [{ command: '/usr/bin/mysql', args: ['-u', 'joe', '-phunter2'] }, ['-u', 'joe', '[REDACTED]']],
    [{ program: 'docker', args: ['login', '-p', 'hunter2'] }, ['login', '-p', '[REDACTED]']],
    [{ args: ['redis-cli', '-a', 'hunter2', 'ping'] }, ['redis-cli', '-a', '[REDACTED]', 'ping']],
    [{ args: ['docker', 'run', '-p', '80:80', '-u', '1:1'] }, ['docker', 'run', '-p', '80:80', '-u', '1:1']],
    [{ args: ['curl', '-u', '$USER:$PASSWORD'] }, ['curl', '-u', '$USER:$PASSWORD']],
    [{ command: 'node', args: ['-p', 'hunter2'] }, ['-p', 'hunter2']],
  ])('%j', (value, expected) => {
    expect((copyStructure(value, 8192) as { args: unknown }).args).toEqual(expected);
  });
});

describe('nothing is hidden', () => {
  test.each([
    'docker run -u 1000:1000 -p 127.0.0.1:8080:80 nginx',
    'curl -u is an option',
    'curl -u "$USER:$PASSWORD" x',
    'curl -u <user:password> x',
    'curl -o joe:file x; chown -u joe:group f',
    'mysql -p app; mysql -P 3306; mysql --protocol=tcp',
    'docker build -p hunter2',
    'redis-cli --all -h a',
    'the machine has a login and a password of its own',
    'jdbc:oracle:thin:@//db:1521/app',
    '127.0.0.1:5432: connection refused',
    'country code=DE, code=404, code=not-found-in-the-database-here',
  ])('in %s', (text) => {
    expect(clean(text)).toBe(text);
  });
});
