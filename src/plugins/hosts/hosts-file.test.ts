import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipToText } from '../../core/ip.ts'
import { ZoneSet } from '../../core/zones.ts'
import { parseHosts } from './hosts-file.ts'

const cases: { name: string; text: string; entries: string[]; zones?: string[] }[] = [
  { name: 'one name', text: '192.0.2.1 a.example.org', entries: ['192.0.2.1 a.example.org.'] },
  {
    name: 'several names, blanks and tabs, CRLF',
    text: ' 192.0.2.1\ta.example.org \t b.example.org\r\n2001:DB8::1 c\r\n',
    entries: ['192.0.2.1 a.example.org.', '192.0.2.1 b.example.org.', '2001:db8::1 c.'],
  },
  { name: 'names are lower-cased and may end in a dot', text: '192.0.2.1 A.Example.ORG.', entries: ['192.0.2.1 a.example.org.'] },
  {
    name: 'comments anywhere',
    text: '# 192.0.2.1 a\n192.0.2.1 b # c\n192.0.2.1#d\n192.0.2.1 e#f g',
    entries: ['192.0.2.1 b.', '192.0.2.1 e.'],
  },
  { name: 'an IPv6 zone is removed', text: 'fe80::1%eth0 router', entries: ['fe80::1 router.'] },
  { name: 'an IPv4-mapped address is IPv4', text: '::ffff:192.0.2.1 a', entries: ['192.0.2.1 a.'] },
  { name: 'an address alone says nothing', text: '192.0.2.1\n192.0.2.2 a', entries: ['192.0.2.2 a.'] },
  {
    name: 'a bad address is ignored, also when repeated',
    text: '192.0.2 a\n192.0.2 b\n256.0.2.1 c\n192.0.2.1 d',
    entries: ['192.0.2.1 d.'],
  },
  { name: 'a bad name is ignored', text: `192.0.2.1 a..b ${'x'.repeat(64)} ok`, entries: ['192.0.2.1 ok.'] },
  {
    name: 'names outside the zones are ignored',
    text: '192.0.2.1 a.example.org example.net',
    zones: ['example.org.'],
    entries: ['192.0.2.1 a.example.org.'],
  },
  { name: 'wildcards are names', text: '192.0.2.1 *.example.org', entries: ['192.0.2.1 *.example.org.'] },
  {
    name: 'two escapes of one name are one name',
    text: '192.0.2.1 \\097.org a.org',
    entries: ['192.0.2.1 a.org.', '192.0.2.1 a.org.'],
  },
  {
    name: 'names of Object.prototype',
    text: '192.0.2.1 __proto__ constructor',
    entries: ['192.0.2.1 __proto__.', '192.0.2.1 constructor.'],
  },
  { name: 'nothing', text: '\n \n', entries: [] },
]
for (const c of cases) {
  test(`parseHosts: ${c.name}`, () => {
    const entries = parseHosts(c.text, new ZoneSet(c.zones ?? ['.']))
    assert.deepEqual(
      entries.map(({ address, name }) => `${ipToText(address)} ${name}`),
      c.entries,
    )
  })
}
