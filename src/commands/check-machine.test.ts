// What the server would refuse on this machine: files and interfaces. Each with its place, none
// with a question to the network.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { diagnosticsOf, shownBriefly } from '../../test/fakes/check.ts'
import { makeCertificate } from '../../test/fakes/fake-upstream.ts'

const forward = (rest: string): string => `.:5300 {\n    forward . ${rest}\n}\n`
const noPlace = (to: string): string =>
  `plugin/forward: not an IP address, file, or valid domain: "${to}"`
const noFile = '@/nope: no such file or directory'
const noInterface = (word: string): string =>
  `plugin/bind: not a valid IP address or interface name: "${word}"`

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

const cases: readonly {
  name: string
  text: string
  files?: Record<string, string>
  found: readonly string[]
}[] = [
  {
    name: 'a comma behind an address',
    text: forward('192.0.2.1, 192.0.2.2'),
    found: [
      `2:15+10 ${noPlace('192.0.2.1,')} | arguments are separated by blanks: leave the ',' out`,
    ],
  },
  {
    name: 'a semicolon behind an address',
    text: forward('192.0.2.1;'),
    found: [
      `2:15+10 ${noPlace('192.0.2.1;')} | arguments are separated by blanks: leave the ';' out`,
    ],
  },
  {
    name: 'a port as a word of its own',
    text: forward('192.0.2.1 53'),
    found: [`2:25+2 ${noPlace('53')} | a port follows its address behind a colon: 192.0.2.1:53`],
  },
  {
    name: 'a file that is not there',
    text: forward('@/resolv.cnf'),
    found: [`2:15+12 ${noPlace('@/resolv.cnf')}`],
  },
  {
    name: 'a certificate and a key log, in folders that are not there',
    text: 'tls://.:8530 {\n    tls @/nope/c @/nope/k {\n        keylog @/nope/log\n    }\n}\n',
    found: [
      '2:9+8 plugin/tls: could not load TLS cert: open @/nope/c: no such file or directory',
      '3:16+10 plugin/tls: open @/nope/log: no such file or directory',
    ],
  },
  {
    name: 'a resolv.conf without servers',
    text: forward('@/empty'),
    files: { empty: 'search example.org\n' },
    found: ['2:15+7 plugin/forward: no valid upstream addresses found'],
  },
  {
    name: 'a resolv.conf whose server is none',
    text: forward('@/odd'),
    files: { odd: 'nameserver dns.example.net\n' },
    found: ['2:15+5 plugin/forward: not an IP address in @/odd: "dns.example.net"'],
  },
  { name: 'a host name is not asked for', text: forward('no-such-host.invalid'), found: [] },
  {
    name: 'a certificate authority that is not there',
    text: forward('tls://192.0.2.1 {\n        tls @/nope\n    }'),
    found: [`3:13+6 plugin/forward: error reading @/nope: open ${noFile}`],
  },
  {
    name: 'a certificate authority that is none',
    text: forward('tls://192.0.2.1 {\n        tls @/ca\n    }'),
    files: { ca: PEM },
    found: [
      '3:13+4 plugin/forward: could not read root certs: @/ca: no certificate in it can be parsed',
    ],
  },
  {
    name: 'files below root',
    text: `.:5300 {\n    root @\n    forward . tls://192.0.2.1 {\n        tls cert nope\n    }\n}\n`,
    files: { cert: PEM },
    found: [`4:18+4 plugin/forward: could not load TLS cert: open ${noFile}`],
  },
  {
    name: 'a certificate that is none, in a file with an ordinary name',
    text: `.:5300 {\n    root @\n    forward . tls://192.0.2.1 {\n        tls TLS cert\n    }\n}\n`,
    files: { TLS: 'x', cert: 'x' },
    found: [
      '4:13+3 plugin/forward: could not load TLS cert: tls: failed to find any PEM data in certificate input',
    ],
  },
  {
    name: 'every fault of every forward',
    text: `.:5300 {\n    forward a.example ;; {\n        tls @/nope\n    }\n    forward b.example 5 ;;\n}\n`,
    found: [
      `2:23+2 ${noPlace(';;')} | arguments are separated by blanks: leave the ';' out`,
      `3:13+6 plugin/forward: error reading @/nope: open ${noFile}`,
      `5:23+1 ${noPlace('5')}`,
      `5:25+2 ${noPlace(';;')} | arguments are separated by blanks: leave the ';' out`,
    ],
  },
  {
    name: 'an interface that is not there',
    text: '.:5300 {\n    bind eth99\n}\n',
    found: [`2:10+5 ${noInterface('eth99')}`],
  },
  {
    name: 'several of them',
    text: '.:5300 {\n    bind eth99 {\n        except eth98\n    }\n}\n',
    found: [`2:10+5 ${noInterface('eth99')}`, `3:16+5 ${noInterface('eth98')}`],
  },
  {
    name: 'an interface that a variable should name',
    text: '.:5300 {\n    bind {$SHARDNS_TEST_UNSET}\n}\n',
    found: [`2:10+21 ${noInterface('')} | environment variable SHARDNS_TEST_UNSET is not set`],
  },
  ...['192.0.2.77', 'fe80::1%lo', '::ffff:192.0.2.77', '2001:db8::77'].map(address => ({
    name: `an address that no interface has, in bind: ${address}`,
    text: `.:5300 {\n    bind 127.0.0.1 ${address}\n}\n`,
    found: [
      `2:20+${address.length} plugin/bind: listen tcp ${address}: bind: cannot assign requested address`,
    ],
  })),
  {
    name: 'a link-local address without its interface',
    text: '.:5300 {\n    bind fe80::1\n}\n',
    found: ['2:10+7 plugin/bind: listen tcp fe80::1: bind: invalid argument'],
  },
  {
    name: 'an address that is excepted is not listened on',
    text: '.:5300 {\n    bind lo 192.0.2.77 {\n        except 192.0.2.77\n    }\n}\n',
    found: [],
  },
  {
    name: 'addresses that are there without being listed',
    text: '.:5300 {\n    bind 127.9.9.9 ::ffff:127.0.0.1 224.0.0.1\n}\n.:5301 {\n    bind 0.0.0.0\n}\n.:5302 {\n    bind ::\n    health [::1]:8080\n}\n',
    found: [],
  },
  {
    name: 'an address that no interface has, in health',
    text: '.:5300 {\n    health 192.0.2.77:8080\n    whoami\n}\n',
    found: [
      '2:12+15 plugin/health: listen tcp 192.0.2.77:8080: bind: cannot assign requested address',
    ],
  },
  {
    name: 'a host name in health is not asked for',
    text: '.:5300 {\n    health no-such-host.invalid:8080\n}\n',
    found: [],
  },
  {
    name: 'a kubeconfig that is not there',
    text: '.:5300 {\n    kubernetes cluster.local {\n        kubeconfig @/nope\n    }\n}\n',
    found: [
      '3:20+6 plugin/kubernetes: kubeconfig @/nope: @/nope cannot be read: there is no such file',
    ],
  },
  {
    name: 'the certificate of an endpoint that is not there',
    text: '.:5300 {\n    kubernetes cluster.local {\n        endpoint https://192.0.2.1\n        tls @/nope @/nokey @/noca\n    }\n}\n',
    found: [
      '4:28+6 plugin/kubernetes: endpoint https://192.0.2.1: @/noca cannot be read: there is no such file',
    ],
  },
  {
    name: 'what a pod is given is not looked at',
    text: '.:5300 {\n    kubernetes cluster.local\n}\n',
    found: [],
  },
  {
    name: 'a root that cannot be',
    text: '.:5300 {\n    root @/file/x\n}\n',
    files: { file: '' },
    found: [
      `2:10+8 plugin/root: Corefile:2 - Error during parsing: unable to access root path '@/file/x': stat @/file/x: not a directory`,
    ],
  },
  {
    name: 'a root that may come',
    text: '.:5300 {\n    root @/x\n}\n',
    found: ['2:10+3 plugin/root: Root path does not exist: @/x'],
  },
  {
    name: 'a hosts file that cannot be',
    text: '.:5300 {\n    hosts @/file/x\n}\n',
    files: { file: '' },
    found: [
      `2:11+8 plugin/hosts: Corefile:2 - Error during parsing: unable to access hosts file '@/file/x': stat @/file/x: not a directory`,
    ],
  },
  {
    name: 'a hosts file that may come',
    text: '.:5300 {\n    hosts @/x\n}\n',
    found: ['2:11+3 plugin/hosts: File does not exist: @/x'],
  },
  {
    name: 'weights that nobody will look for again',
    text: '.:5300 {\n    loadbalance weighted @/nope {\n        reload 0\n    }\n}\n',
    found: ['2:5+11 plugin/loadbalance: weight file open error'],
  },
  {
    name: 'weights that are none',
    text: '.:5300 {\n    loadbalance weighted @/w\n}\n',
    files: { w: 'www.example.org\n192.0.2.1 900\n' },
    found: ['2:26+3 plugin/loadbalance: wrong weight value:"900" in weight file @/w'],
  },
]
for (const c of cases)
  test(`check: ${c.name}`, async t => {
    assert.deepEqual((await diagnosticsOf(t, c.text, c.files)).map(shownBriefly), c.found)
  })

test('check: a key that does not fit its certificate', async t => {
  const [one, other] = [makeCertificate(), makeCertificate()]
  if (one === undefined || other === undefined) return t.skip('no openssl')
  const text = forward('tls://192.0.2.1 {\n        tls @/cert @/key\n    }')
  const [found] = await diagnosticsOf(t, text, { cert: one.cert, key: other.key })
  assert.equal(
    found?.message,
    'plugin/forward: could not load TLS cert: tls: private key does not match public key',
  )
  assert.deepEqual(await diagnosticsOf(t, text, { cert: one.cert, key: one.key }), [])
})

test('check: an interface and one of its addresses overlap', async t => {
  const [name, [address] = []] =
    Object.entries(networkInterfaces()).find(([, entries = []]) =>
      entries.some(entry => entry.address === '127.0.0.1'),
    ) ?? []
  const text = `.:5300 {\n    bind ${name}\n}\n.:5300 {\n    bind ${address?.address}\n}\n`
  assert.deepEqual((await diagnosticsOf(t, text)).map(shownBriefly), [
    `4:1+6 cannot serve dns://.:5300 on ${address?.address} - it is already defined | 1:1 the first one stands here`,
  ])
})

test('check --elsewhere looks at no file, no interface and no variable', async t => {
  const text = `.:5300 {\n    bind eth99 192.0.2.77\n    health 192.0.2.77:8080\n    root @/file/x{$SHARDNS_NO_A}\n    log {$SHARDNS_NO_A}\n    forward . @/resolv.cnf {\n        tls @/nope\n    }\n}\n`
  assert.deepEqual(await diagnosticsOf(t, text, { file: '' }, { elsewhere: true }), [])
  assert.equal((await diagnosticsOf(t, text, { file: '' })).length, 7)
})
