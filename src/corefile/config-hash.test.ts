import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Loader } from './parse/loader.ts'
import { parseCorefile } from './parse/parser.ts'
import { configHash, configJson, type ParsedCorefile } from './server-block.ts'

const loader: Loader = { readFile: () => 'log x\n', kindOf: () => 'file', listDir: () => [] }
const env = { ZONE: 'a.org', DIRECTIVE: 'log' }
const parse = (text: string): ParsedCorefile =>
  parseCorefile({ text, file: 'Corefile', baseDir: '/conf' }, loader, env)

const KUBEADM = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`

test('the Corefile of kubeadm has the hash that CoreDNS logs for it', () => {
  const logged =
    '591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908'
  assert.equal(configHash(parse(KUBEADM)), logged)
  assert.equal(configHash(parse(`${KUBEADM}# a comment behind it\n`)), logged)
  assert.notEqual(configHash(parse(`\n${KUBEADM}`)), logged)
})

const cases: { rule: string; text: string; json: string }[] = [
  { rule: 'no blocks', text: '# nothing', json: 'null' },
  { rule: 'no directives', text: '.', json: '[{"Keys":["."],"Tokens":{}}]' },
  {
    rule: 'directives are sorted, keys are as written',
    text: 'B.org, {$ZONE} {\nlog a\nerrors\n}',
    json: '[{"Keys":["B.org","a.org"],"Tokens":{"errors":[{"File":"","Line":3,"Text":"errors"}],"log":[{"File":"","Line":2,"Text":"log"},{"File":"","Line":2,"Text":"a"}]}}]',
  },
  {
    rule: 'HTML and line separators are escaped',
    text: '. {\nlog "<&>\u2028\u2029" é\x7f\n}',
    json: '[{"Keys":["."],"Tokens":{"log":[{"File":"","Line":2,"Text":"log"},{"File":"","Line":2,"Text":"\\u003c\\u0026\\u003e\\u2028\\u2029"},{"File":"","Line":2,"Text":"é\x7f"}]}}]',
  },
  {
    rule: 'control characters',
    text: '. {\nlog "\b\f\t\r\\\x01"\n}',
    json: '[{"Keys":["."],"Tokens":{"log":[{"File":"","Line":2,"Text":"log"},{"File":"","Line":2,"Text":"\\b\\f\\t\\r\\\\\\u0001"}]}}]',
  },
  {
    rule: 'imported tokens carry their path',
    text: '. {\nimport f\n}',
    json: '[{"Keys":["."],"Tokens":{"log":[{"File":"/conf/f","Line":1,"Text":"log"},{"File":"/conf/f","Line":1,"Text":"x"}]}}]',
  },
  {
    rule: 'the name of a directive keeps its variable',
    text: '. {\n{$DIRECTIVE} {$ZONE}\n}',
    json: '[{"Keys":["."],"Tokens":{"log":[{"File":"","Line":2,"Text":"{$DIRECTIVE}"},{"File":"","Line":2,"Text":"a.org"}]}}]',
  },
]

for (const { rule, text, json } of cases)
  test(`hash: ${rule}`, () => {
    assert.equal(configJson(parse(text)), json)
    assert.equal(configHash(parse(text)), createHash('sha512').update(json).digest('hex'))
  })
