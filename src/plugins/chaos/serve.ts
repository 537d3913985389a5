// The shard half of chaos: the answers, made once.

import { hostname } from 'node:os'
import { answer } from '../../chain/answer/answer.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { nameFromText, namesEqual } from '../../wire/name.ts'
import { rdataStrings } from '../../wire/rdata.ts'
import { CLASS_CH, TYPE_TXT } from '../../wire/rrtypes.ts'
import type { ChaosOptions } from './options.ts'

/** Of a character-string. */
const MAX_BYTES = 255

const txt = (text: string): Uint8Array =>
  rdataStrings(new TextEncoder().encode(text).subarray(0, MAX_BYTES))

export const serve = ({ authors }: ChaosOptions, _scope: ServeScope, version: string): Stage => {
  const [ofVersion, ofHost, ofAuthors] = [[version], [hostname()], authors].map(texts =>
    texts.map(txt),
  )
  const answers = Object.entries({
    'version.bind.': ofVersion,
    'version.server.': ofVersion,
    'hostname.bind.': ofHost,
    'id.server.': ofHost,
    'authors.bind.': ofAuthors,
  }).map(([name, strings = []]) => ({ name: nameFromText(name)!, strings }))
  return {
    concerns: ({ qclass, qtype }) => qclass === CLASS_CH && qtype === TYPE_TXT,
    wrap: next => query => {
      const { wire: owner, folded } = query.question
      const found = answers.find(({ name }) => namesEqual(name, folded))
      if (found === undefined) return next(query)
      const record = { owner, type: TYPE_TXT, class: CLASS_CH, ttlSeconds: 0 }
      return answer(query, { answers: found.strings.map(rdata => ({ ...record, rdata })) })
    },
  }
}
