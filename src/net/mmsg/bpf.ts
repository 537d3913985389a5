// Classic BPF programs, which the kernel runs for a socket.

import { C, SOCK_FILTER, SOCK_FPROG } from './abi.ts'
import type { Libc } from './libc.ts'

/**
 * One instruction: code, k, and for jumps how many instructions to skip when true and when false.
 */
export type Instruction = readonly [code: number, k: number, ifTrue?: number, ifFalse?: number]

/** Attaches a program by socket option `option`; undefined, or the system's error number. */
export const attachProgram = (
  libc: Libc,
  fd: number,
  option: number,
  program: readonly Instruction[],
): number | undefined => {
  // The head points to the code, so both are one piece of memory, which the call keeps alive.
  const bytes = new Uint8Array(SOCK_FPROG.size + program.length * SOCK_FILTER.size)
  const view = new DataView(bytes.buffer)
  view.setUint16(SOCK_FPROG.len, program.length, true)
  view.setBigUint64(SOCK_FPROG.filter, libc.pin(bytes).address + BigInt(SOCK_FPROG.size), true)
  for (const [index, [operation, k, ifTrue = 0, ifFalse = 0]] of program.entries()) {
    const at = SOCK_FPROG.size + index * SOCK_FILTER.size
    view.setUint16(at + SOCK_FILTER.code, operation, true)
    view.setUint8(at + SOCK_FILTER.jt, ifTrue)
    view.setUint8(at + SOCK_FILTER.jf, ifFalse)
    view.setUint32(at + SOCK_FILTER.k, k >>> 0, true)
  }
  const result = libc.setsockopt(fd, C.SOL_SOCKET, option, bytes, SOCK_FPROG.size)
  return result === 0 ? undefined : libc.errno()
}

const LD_BYTE = 0x30
const AND_K = 0x54
const JEQ = 0x15
const RET_K = 0x06
const FLAGS_BYTE = 13
const SYN = 0x02
const SYN_ACK = 0x12
const WHOLE_PACKET = 0xffff_ffff

/**
 * Of a TCP listener: drops what would begin a connection, and lets those that have begun come to
 * their end.
 */
const NO_NEW_CONNECTIONS: readonly Instruction[] = [
  [LD_BYTE, FLAGS_BYTE],
  [AND_K, SYN_ACK],
  [JEQ, SYN, 0, 1],
  [RET_K, 0],
  [RET_K, WHOLE_PACKET],
]

/**
 * A client that tries in vain tries again a second later, and is refused then: by that time the
 * listener is closed.
 */
export const dropNewConnections = (libc: Libc, fd: number): void =>
  void attachProgram(libc, fd, C.SO_ATTACH_FILTER, NO_NEW_CONNECTIONS)
