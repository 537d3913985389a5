// EDNS client subnet (RFC 7871): the cache has no subnet in its key, so it must not give one
// network's answer to another.

import type { Reply } from '../../chain/reply.ts'
import { findOption, OPTION_ECS, readEdns } from '../../wire/edns.ts'

const SCOPE_OFFSET = 3

/** Whether upstream says that the answer holds for one network only (scope above 0). */
export const isTailored = (reply: Reply): boolean => {
  if (reply.layout.optIndex < 0) return false
  const edns = readEdns(reply.bytes, reply.layout)
  if (edns === undefined || edns === 'malformed') return false
  const option = findOption(reply.bytes, edns, OPTION_ECS)
  return option !== undefined && (option[SCOPE_OFFSET] ?? 0) > 0
}
