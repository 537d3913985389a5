// The configuration's SHA-512, equal to the one CoreDNS's reload plugin prints: over the JSON that
// Go makes of the parsed blocks.

import { createHash } from 'node:crypto'
import type { ParsedCorefile, ServerBlock } from './server-block.ts'
import type { Token } from './span.ts'

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** encoding/json with its HTML escaping. JSON.stringify's own short escapes are Go's too. */
const goString = (text: string): string =>
  JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, unicodeEscape)

const goToken = (token: Token): string =>
  `{"File":${goString(token.file)},"Line":${token.line},"Text":${goString(token.text)}}`

const goBlock = (block: ServerBlock): string => {
  const keys = block.keys.map(key => goString(key.text)).join(',')
  const names = [...block.directives.keys()].sort()
  const tokens = names.map(
    name => `${goString(name)}:[${(block.directives.get(name) ?? []).map(goToken).join(',')}]`,
  )
  return `{"Keys":[${keys}],"Tokens":{${tokens.join(',')}}}`
}

/**
 * The JSON that is hashed: `null` for no blocks. Line numbers are part of it, comments and columns
 * are not.
 */
export const configJson = (parsed: Pick<ParsedCorefile, 'blocks'>): string =>
  parsed.blocks.length === 0 ? 'null' : `[${parsed.blocks.map(goBlock).join(',')}]`

/** 128 lower-case hexadecimal digits. */
export const configHash = (parsed: Pick<ParsedCorefile, 'blocks'>): string =>
  createHash('sha512').update(configJson(parsed)).digest('hex')
