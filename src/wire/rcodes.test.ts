import assert from 'node:assert/strict'
import test from 'node:test'
import { rcodeFromText, rcodeToText } from './rcodes.ts'

const texts =
  'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI RCODE12 RCODE13 RCODE14 RCODE15 ' +
  'BADSIG BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE RCODE24'
for (const [rcode, text] of texts.split(' ').entries()) {
  test(`rcodeToText: ${rcode} is ${text}`, () => assert.equal(rcodeToText(rcode), text))
}

const fromText = [
  { text: 'nxdomain', rcode: 3 },
  { text: 'NxDomain', rcode: 3 },
  { text: 'BADCOOKIE', rcode: 23 },
  { text: 'NOTIMP', rcode: 4 },
  { text: 'NOTIMPL', rcode: 4 },
  { text: 'RCODE28', rcode: undefined },
  { text: 'BADVERS', rcode: undefined },
  { text: '3', rcode: undefined },
  { text: '', rcode: undefined },
  { text: '__proto__', rcode: undefined },
]
for (const c of fromText)
  test(`rcodeFromText: ${c.text || '(empty)'} is ${c.rcode}`, () =>
    assert.equal(rcodeFromText(c.text), c.rcode))
