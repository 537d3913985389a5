import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientAuth } from '../../chain/listening.ts'
import { asksForCertificate, judgeClient, type Verdict } from './client-auth.ts'

const NONE = { isGiven: false, isAuthorized: false }
const FOREIGN = { isGiven: true, isAuthorized: false }
const GOOD = { isGiven: true, isAuthorized: true }

const cases: [auth: ClientAuth, asks: boolean, none: Verdict, foreign: Verdict, good: Verdict][] = [
  ['nocert', false, 'accepted', 'accepted', 'accepted'],
  ['request', true, 'accepted', 'accepted', 'accepted'],
  ['require', true, 'no_certificate', 'accepted', 'accepted'],
  ['verify_if_given', true, 'accepted', 'refused_certificate', 'accepted'],
  ['require_and_verify', true, 'no_certificate', 'refused_certificate', 'accepted'],
]
for (const [auth, asks, none, foreign, good] of cases)
  test(`client_auth ${auth}: whom it lets in`, () => {
    assert.equal(asksForCertificate(auth), asks)
    assert.deepEqual(
      [NONE, FOREIGN, GOOD].map(certificate => judgeClient(auth, certificate)),
      [none, foreign, good],
    )
  })
