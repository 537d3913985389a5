// Which engine this machine can have, found out by trying.

import type { EngineName } from '../engine.ts'
import { C } from './abi.ts'
import { Inbound } from './inbound.ts'
import { makeInboundMemory } from './inbound-layout.ts'
import { type Libc, openLibc } from './libc.ts'

export interface EngineChoice {
  readonly engine: EngineName
  /** Why this one. */
  readonly reason: string
  /** With engine mmsg. */
  readonly libc: Libc | undefined
}

/** Throws an Error if mmsg is asked for by name and cannot be had. */
export const chooseEngine = (wanted: EngineName | 'auto'): EngineChoice => {
  if (wanted === 'dgram') return { engine: 'dgram', reason: 'asked for', libc: undefined }
  const libc = openLibc()
  const obstacle = typeof libc === 'string' ? libc : tryReceive(libc)
  if (typeof libc !== 'string' && obstacle === undefined) {
    return { engine: 'mmsg', reason: wanted === 'auto' ? 'recvmmsg works here' : 'asked for', libc }
  }
  if (wanted === 'mmsg') throw new Error(`engine mmsg is not available here: ${obstacle}`)
  return { engine: 'dgram', reason: `mmsg is not available: ${obstacle}`, libc: undefined }
}

/**
 * Undefined, or why nothing can be received in batches: seccomp filters and old sandboxes refuse
 * system calls that they do not know.
 */
const tryReceive = (libc: Libc): string | undefined => {
  const fd = libc.socket(C.AF_INET, C.SOCK_DGRAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC, 0)
  if (fd < 0) return `socket: errno ${libc.errno()}`
  try {
    const inbound = new Inbound(libc, makeInboundMemory())
    const count = inbound.receive(fd, false)
    const errno = count < 0 ? libc.errno() : C.EAGAIN
    return errno === C.EAGAIN ? undefined : `recvmmsg: errno ${errno}`
  } finally {
    libc.close(fd)
  }
}
